// SPDX-License-Identifier: Apache-2.0

internal import CKernel

// A closed pipe at the engine's end is an error to report, not the end of this process.
ckernel_hook_ignore_sigpipe(1)
guard let vector = ckernel_exec_arguments() else { ckernel_exec_exit(2) }
ckernel_exec_exit(Program(vector).run())
