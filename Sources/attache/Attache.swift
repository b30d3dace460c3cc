// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Commands
internal import Glibc

/// The program `attache`.
@main
enum Attache {
    // On the main thread, so that nothing runs before these lines.
    @MainActor static func main() async {
        // Only a process without a second thread heeds it. Two areas are as fast as many on the few processors of a server,
        // and half as large.
        ckernel_share_heap_areas(2)
        ckernel_map_large_blocks(256 << 10)
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
