// SPDX-License-Identifier: Apache-2.0

internal import Glibc

// A closed pipe at the engine's end is an error to report, not the end of this process.
signal(SIGPIPE, SIG_IGN)
exit(Program().run())
