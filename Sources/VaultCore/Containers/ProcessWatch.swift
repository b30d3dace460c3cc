// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Dispatch
internal import Glibc

/// Sees the end of one process; letting go of it ends the watch.
package final class ProcessWatch: Sendable {
    private let stop: @Sendable () -> Void

    package init(stop: @escaping @Sendable () -> Void) { self.stop = stop }

    deinit { stop() }

    /// Watches a process of this machine by a pidfd; nil where the kernel gives none.
    convenience init?(pid: Int32, whenEnded: @escaping @Sendable () -> Void) {
        let descriptor = ckernel_peer_open(pid)
        guard descriptor >= 0 else { return nil }
        // Sources may be used from any thread (dispatch_source_create(3)), which their class does not say.
        nonisolated(unsafe) let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
        source.setEventHandler {
            // An ended process stays readable.
            source.cancel()
            whenEnded()
        }
        source.setCancelHandler { close(descriptor) }
        source.activate()
        self.init { source.cancel() }
    }
}
