// SPDX-License-Identifier: Apache-2.0

import APITypes
import CredentialProxy
import Foundation
import HTTPTypes
import NIOCore
import NIOPosix
import NIOSSL
import ProxyRules
import Synchronization
import TestSupport
import Testing
import VaultCore
import VaultModel

/// Targets over TLS: which certificates are believed, and that nothing is sent where none is.
struct TLSTargetTests {
    private static let name = "api.example.test"
    private static let key = "sk-c4n4ry-0123456789"

    @Test func anAuthorityOfTheOperatorsVouchesForItsTargets() async throws {
        let certificates = try TLSFiles(for: Self.name)
        let target = try await TLSTarget(certificates)
        let answer = try await Self.get(from: target, trusting: certificates.certificate)
        #expect(answer.status == 200)
        guard case .bytes(let bytes) = try await answer.next() else {
            Issue.record("no body")
            return
        }
        #expect(String(buffer: bytes) == "ok")
        await answer.abandon()
        #expect(target.received.contains("\r\nhost: \(Self.name):\(target.port)\r\n"))
        #expect(target.received.contains("\r\nauthorization: Bearer \(Self.key)\r\n"))
        try await target.stop()
    }

    @Test(arguments: [("another.example.test", true), (name, false)])
    func aCertificateForAnotherNameOrOfAStrangerGetsNoRequest(names: String, isTrusted: Bool) async throws {
        let certificates = try TLSFiles(for: names)
        let target = try await TLSTarget(certificates)
        let trusted = isTrusted ? certificates.certificate : nil
        await #expect(throws: ProxyError.untrusted) { _ = try await Self.get(from: target, trusting: trusted) }
        #expect(target.received.isEmpty)
        try await target.stop()
    }

    @Test func aCertificateOfThePastGetsNoRequest() async throws {
        let certificates = try TLSFiles(for: Self.name, hasExpired: true)
        let target = try await TLSTarget(certificates)
        await #expect(throws: ProxyError.untrusted) {
            _ = try await Self.get(from: target, trusting: certificates.certificate)
        }
        #expect(target.received.isEmpty)
        try await target.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func aTargetThatNeverAgreesOnTLSIsTimedOut() async throws {
        let (left, isLeft) = AsyncStream.makeStream(of: Void.self)
        // Takes connections, and says nothing.
        let target = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.closeFuture.whenComplete { _ in isLeft.yield() }
                return channel.eventLoop.makeSucceededVoidFuture()
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = UInt16(try #require(target.localAddress?.port))
        await #expect(throws: ProxyError.timedOut) {
            _ = try await Self.get(from: port, trusting: nil, within: .milliseconds(300))
        }
        // The connection does not outlive it.
        for await _ in left { break }
        try await target.close()
    }

    private static func get(from target: TLSTarget, trusting file: String?) async throws -> ProxyAnswer {
        try await get(from: target.port, trusting: file)
    }

    private static func get(
        from port: UInt16,
        trusting file: String?,
        within connect: Duration = .seconds(10)
    ) async throws -> ProxyAnswer {
        let test = try await TestVault.make()
        var settings = BrokerSettings()
        settings.addresses = AddressRules(allowed: [try #require(NetworkRange("127.0.0.1/32"))])
        settings.trustedCertificates = file
        settings.connect = connect
        let broker = try Broker(vault: test.vault, resolver: LoopbackResolver(), settings: settings)
        _ = try await test.vault.createCredential(
            CreateCredentialBody(
                name: "Target",
                type: .apiKey,
                value: .text(key),
                hosts: ["\(name):\(port)"]
            ),
            by: test.localOperator
        )
        _ = try await test.createAgent("bot")
        let attached = try await test.vault.attachCredential(
            AttachCredentialBody(credentialId: "Target"),
            to: "bot",
            by: test.localOperator
        )
        var fields: HTTPFields = [.authorization: "Bearer \(try #require(attached.proxyToken))"]
        fields[try #require(HTTPField.Name("X-Target-Url"))] = "https://\(name):\(port)/"
        let body = AsyncThrowingStream<ByteBuffer, any Error> { $0.finish() }
        return try await broker.forward(ProxyRequest(method: "GET", path: "/v1/proxy", fields: fields, body: body))
    }
}

struct LoopbackResolver: CredentialProxy.Resolver {
    func addresses(of name: String) async throws -> [IPAddress] { [.loopback] }
}

/// A target over TLS on loopback, which keeps what it receives and answers every piece with 200.
private final class TLSTarget: Sendable {
    private let channel: any Channel
    private let handler: Recorder
    let port: UInt16

    var received: String { handler.received.withLock { $0 } }

    init(_ certificates: TLSFiles) async throws {
        let chain = try NIOSSLCertificate.fromPEMFile(certificates.certificate).map {
            NIOSSLCertificateSource.certificate($0)
        }
        let key = try NIOSSLPrivateKey(file: certificates.key, format: .pem)
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain,
            privateKey: .privateKey(key)
        )
        let context = try NIOSSLContext(configuration: configuration)
        let handler = Recorder()
        self.handler = handler
        channel =
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([NIOSSLServerHandler(context: context), handler])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = UInt16(try #require(channel.localAddress?.port))
    }

    func stop() async throws { try await channel.close() }

    private final class Recorder: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        let received = Mutex("")

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.withLock { $0 += String(buffer: unwrapInboundIn(data)) }
            let answer = ByteBuffer(string: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
        }

        // A peer that does not trust the certificate says so and leaves.
        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
