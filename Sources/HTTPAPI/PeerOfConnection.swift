// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Glibc
internal import NIOCore
internal import NIOHTTPTypes
internal import Synchronization

/// Decides, once and at the beginning of a connection, whether its peer is the machine's operator.
///
/// The kernel keeps the credentials of connect(2), while the number of a process that has ended may be another's by the
/// time that a request comes: so it is looked at now, and held against the pidfd of the peer where the kernel has one.
final class PeerOfConnection: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = HTTPRequestPart

    private let found = Mutex<UInt32?>(nil)

    /// The operator's uid; nil for anybody else.
    var operatorID: UInt32? { found.withLock { $0 } }

    func handlerAdded(context: ChannelHandlerContext) {
        guard let socket = context.channel as? any SocketOptionProvider else { return }
        let credentials: EventLoopFuture<ckernel_peer_credentials> = socket.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: ckernel_peer_credentials_option())
        )
        let pidfd: EventLoopFuture<CInt> = socket.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: ckernel_peer_pidfd_option())
        )
        credentials.and(pidfd.map(Optional.some).recover { _ in nil }).whenSuccess { [self] peer, pidfd in
            defer { if let pidfd { close(pidfd) } }
            guard peer.uid == 0 || peer.uid == geteuid(), ckernel_peer_shares_namespaces(peer.pid) == 1 else { return }
            if let pidfd, ckernel_peer_is_alive(pidfd) == 0 { return }
            found.withLock { $0 = peer.uid }
        }
    }
}
