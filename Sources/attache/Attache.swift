// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Commands
internal import Glibc

/// The program `attache`.
@main
enum Attache {
    static func main() async {
        // First: what a command that this process becomes must get unchanged.
        _ = InheritedSettings.atStart
        // A core file or the runtime's backtrace would show values.
        _ = ckernel_forbid_core_dumps()
        ckernel_reset_crash_signals()
        ckernel_reset_sigpipe()
        exit(
            await CommandLineRun.run(
                as: CommandLine.arguments.first ?? "attache",
                Array(CommandLine.arguments.dropFirst())
            )
        )
    }
}
