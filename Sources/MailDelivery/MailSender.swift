// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import VaultModel

/// Hands mails to an SMTP server, each over a connection of its own.
package struct MailSender: Sendable {
    package let server: MailServer
    private let tls: NIOSSLContext

    private static let deadline: Duration = .seconds(20)
    private static let longestPassword = 1_024

    /// Throws ``MailError/untrusted`` when the certificates to trust cannot be read.
    package init(_ server: MailServer) throws(MailError) {
        self.server = server
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        if let file = server.trustedCertificates { configuration.additionalTrustRoots = [.file(file)] }
        do {
            tls = try NIOSSLContext(configuration: configuration)
        } catch {
            throw .untrusted
        }
    }

    /// Returns when the server has taken the mail over; at most 20 seconds.
    package func send(_ message: MailMessage) async throws(MailError) {
        let password = try password()
        let result = await withTaskGroup(of: Result<Void, MailError>.self) { group in
            group.addTask { await deliver(message, password: password) }
            group.addTask {
                try? await Task.sleep(for: Self.deadline)
                return .failure(.timedOut)
            }
            let first = await group.next() ?? .failure(.timedOut)
            group.cancelAll()
            return first
        }
        try result.get()
    }

    private func deliver(_ message: MailMessage, password: SharedSecret?) async -> Result<Void, MailError> {
        do {
            let connection = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(10))
                .connect(host: server.host, port: server.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if server.encryption == .tls { try addTLS(to: channel) }
                        return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
            return try await connection.executeThenClose { inbound, outbound in
                try await converse(
                    MailDialogue(server, message, password: password),
                    over: connection.channel,
                    inbound,
                    outbound
                )
            }
        } catch let error as MailError {
            return .failure(error)
        } catch is NIOSSLError {
            return .failure(.untrusted)
        } catch is BoringSSLError {
            return .failure(.untrusted)
        } catch {
            return .failure(.unreachable)
        }
    }

    private func converse(
        _ dialogue: MailDialogue,
        over channel: any Channel,
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws -> Result<Void, MailError> {
        var dialogue = dialogue
        var reader = MailReplyReader()
        // From when TLS begins until something came through it: a connection that ends in between ends because of it,
        // whichever of reading and writing notices first.
        var isAgreeingOnTLS = server.encryption == .tls
        do {
            for try await bytes in inbound {
                reader.add(bytes.readableBytesView)
                while let reply = try reader.next() {
                    isAgreeingOnTLS = false
                    let result = try await answer(reply, &dialogue, &isAgreeingOnTLS, reader.isEmpty, channel, outbound)
                    if let result { return result }
                }
            }
        } catch {
            guard isAgreeingOnTLS, !(error is MailError) else { throw error }
            return .failure(.untrusted)
        }
        return .failure(isAgreeingOnTLS ? .untrusted : .unreachable)
    }

    /// Does what the dialogue says to a reply; returns how it ended, where it did.
    private func answer(
        _ reply: MailReply,
        _ dialogue: inout MailDialogue,
        _ isAgreeingOnTLS: inout Bool,
        _ isAllRead: Bool,
        _ channel: any Channel,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) async throws -> Result<Void, MailError>? {
        var action = dialogue.received(reply)
        if action == .startTLS {
            // What came before TLS was agreed on could be anybody's (CVE-2011-0411).
            guard isAllRead else { return .failure(.notUnderstood) }
            isAgreeingOnTLS = true
            try await channel.eventLoop.submit { try addTLS(to: channel) }.get()
            action = dialogue.encrypted()
        }
        switch action {
        case .send(let bytes): try await outbound.write(ByteBuffer(bytes: bytes))
        case .startTLS: return .failure(.notUnderstood)
        case .fail(let error): return .failure(error)
        case .finish:
            try? await outbound.write(ByteBuffer(string: "QUIT\r\n"))
            return .success(())
        }
        return nil
    }

    private func addTLS(to channel: any Channel) throws {
        // A name is checked and sent; an address is checked alone (RFC 6066 §3).
        let name = IPAddress(server.host) == nil ? server.host : nil
        try channel.pipeline.syncOperations.addHandler(
            NIOSSLClientHandler(context: tls, serverHostname: name),
            position: .first
        )
    }

    /// Reads the password's file, which others must not be able to.
    private func password() throws(MailError) -> SharedSecret? {
        guard server.user != nil, let path = server.passwordFile else { return nil }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .passwordUnreadable }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 else { throw .passwordUnreadable }
        var count = 0
        let contents = SecretBytes(count: Self.longestPassword) { buffer in
            count = max(0, read(descriptor, buffer.baseAddress, buffer.count))
            while count > 0, buffer[count - 1] == 10 || buffer[count - 1] == 13 { count -= 1 }
        }
        guard count > 0 else { throw .passwordUnreadable }
        return contents.withBytes { SharedSecret(copying: $0.prefix(count)) }
    }
}
