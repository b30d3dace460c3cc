// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Glibc
internal import NIOCore
internal import VaultCore

extension APIContext {
    /// The process that connected to a Unix socket; nil where the kernel does not tell, or it has ended.
    ///
    /// The credentials are those of connect(2), so a descriptor that was handed on says who handed it on. The process
    /// is looked at first and then shown to be alive by its pidfd: what was read is its own.
    func peerProcess() async -> PeerProcess? {
        guard let socket = channel as? any SocketOptionProvider else { return nil }
        let credentials: ckernel_peer_credentials
        do {
            credentials =
                try await socket.unsafeGetSocketOption(
                    level: .socket,
                    name: NIOBSDSocket.Option(rawValue: ckernel_peer_credentials_option())
                ).get()
        } catch {
            return nil
        }
        let pidfd: CInt? = try? await socket.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: ckernel_peer_pidfd_option())
        ).get()
        defer { if let pidfd { close(pidfd) } }
        guard let facts = ProcessFacts(pid: credentials.pid) else { return nil }
        if let pidfd, ckernel_peer_is_alive(pidfd) == 0 { return nil }
        return PeerProcess(facts: facts, isHeld: pidfd != nil)
    }
}
