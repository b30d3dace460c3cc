// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import HTTPTypes
package import NIOCore
internal import NIOHTTP1
internal import NIOSSL
package import ProxyRules
package import VaultCore
package import VaultModel

/// How long the proxy waits, and what it may dial.
package struct BrokerSettings: Sendable {
    /// For the connection and TLS together.
    package var connect: Duration = .seconds(10)
    /// From the end of what was sent to the first byte of the answer.
    package var firstByte: Duration = .seconds(300)
    /// Between two pieces of an answer.
    package var idle: Duration = .seconds(120)
    /// Addresses of the own network that may be dialed.
    package var addresses = AddressRules()
    /// A file of certificates to trust beside the system's; PEM.
    package var trustedCertificates: String?

    package init() {}
}

/// A request as it came to the proxy.
package struct ProxyRequest: Sendable {
    package var method: String
    /// With the query, as it was sent.
    package var path: String
    package var fields: HTTPFields
    package var peer: IPAddress
    package var body: any AsyncSequence<ByteBuffer, any Error> & Sendable

    package init(
        method: String,
        path: String,
        fields: HTTPFields,
        peer: IPAddress = .loopback,
        body: any AsyncSequence<ByteBuffer, any Error> & Sendable
    ) {
        self.method = method
        self.path = path
        self.fields = fields
        self.peer = peer
        self.body = body
    }
}

/// What goes back to the agent.
package struct ProxyAnswer: Sendable {
    package var status: Int
    package var fields: HTTPFields
    package var contentLength: Int?
    let exchange: Exchange

    /// A piece of the body, or its end.
    package enum Part: Sendable {
        case bytes(ByteBuffer)
        /// With the trailers.
        case end(HTTPFields?)
    }

    /// The next piece, clean of the credential.
    ///
    /// Throws where the target broke off, so that the answer is broken off as well and never looks whole.
    package func next() async throws -> Part { try await exchange.next() }

    /// Ends the exchange at once: the agent is gone.
    package func cancel() { exchange.cancel() }

    /// Ends an exchange whose answer nobody takes any more, and records that.
    package func abandon() async { await exchange.abandon() }
}

/// Carries an agent's request to its target with the credential in it, and the answer back without it.
///
/// The order is the security: token, credential and attachment, URL, hosts, path and method, addresses, connection,
/// audit entry, and only then the value. Nothing is opened for a request that any of them refuses.
package struct Broker: Sendable {
    private let vault: Vault
    private let resolver: any Resolver
    private let settings: BrokerSettings
    private let tls: NIOSSLContext
    /// Stands in `Via`, so that a request that comes back is known.
    private let name = "attache-\(UInt64.random(in: .min ... .max))"

    package init(
        vault: Vault,
        resolver: any Resolver = SystemResolver(),
        settings: BrokerSettings = BrokerSettings()
    ) throws {
        self.vault = vault
        self.resolver = resolver
        self.settings = settings
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let file = settings.trustedCertificates { configuration.additionalTrustRoots = [.file(file)] }
        tls = try NIOSSLContext(configuration: configuration)
    }

    package func forward(_ request: ProxyRequest) async throws(ProxyError) -> ProxyAnswer {
        let route = try ProxyRoute(request)
        let grant: ProxyGrant
        do {
            grant = try await vault.proxyGrant(token: route.token, credential: route.credentialName, from: request.peer)
        } catch {
            throw .vault(error)
        }
        var attempt = ProxyAttempt(target: "-", method: route.method)
        do {
            let target = try route.target(of: grant)
            attempt.target = target.redacted
            return try await forward(request, route, to: target, grant, &attempt)
        } catch {
            // What the vault refused is recorded by the vault.
            if case .vault = error { throw error }
            attempt.error = error.reason
            do {
                try await vault.recordProxyRefusal(attempt, grant)
            } catch {
                throw .vault(error)
            }
            throw error
        }
    }

    private func forward(
        _ request: ProxyRequest,
        _ route: ProxyRoute,
        to target: TargetURL,
        _ grant: ProxyGrant,
        _ attempt: inout ProxyAttempt
    ) async throws(ProxyError) -> ProxyAnswer {
        let decision = HostDecision(grant.hosts, target: target, method: route.method)
        guard decision == .allowed else { throw .host(decision) }
        guard !HeaderRules.holdsToken(target.path), !HeaderRules.holdsToken(target.query ?? "") else {
            throw .tokenInTarget
        }
        guard !request.fields[values: .via].contains(where: { $0.contains(name) }) else { throw .loop }
        let address = try await address(of: target)
        attempt.address = "\(address)"
        let connection = try await TargetConnection(
            to: target,
            at: address,
            tls: tls,
            within: TimeAmount(settings.connect)
        )
        let exchange = Exchange(connection, vault: vault, grant: grant, settings: settings)
        do {
            let credential: RenderedCredential
            do {
                credential = try await vault.openCredential(grant, for: attempt)
            } catch {
                throw ProxyError.vault(error)
            }
            return try await exchange.run(
                head(for: request, route, to: target, grant, credential),
                request.body,
                credential,
                attempt
            )
        } catch let error as ProxyError {
            exchange.cancel()
            throw error
        } catch {
            exchange.cancel()
            throw .badAnswer
        }
    }

    /// Every address of the target is checked, and one of those is dialed: no second lookup can lead elsewhere.
    private func address(of target: TargetURL) async throws(ProxyError) -> IPAddress {
        let addresses: [IPAddress]
        switch target.host {
        case .address(let address): addresses = [address]
        case .name(let name):
            do {
                addresses = try await resolver.addresses(of: name)
            } catch {
                throw .unresolved
            }
        }
        switch settings.addresses.refusal(of: addresses) {
        case .noAddress: throw .unresolved
        case .special: throw .addressNotAllowed
        case nil: break
        }
        guard let first = addresses.first else { throw .unresolved }
        return first
    }

    private func head(
        for request: ProxyRequest,
        _ route: ProxyRoute,
        to target: TargetURL,
        _ grant: ProxyGrant,
        _ credential: RenderedCredential
    ) -> HTTPRequestHead {
        let passed = HeaderRules.forwarded(request.fields, injected: credential.fieldNames)
        var headers = HTTPHeaders()
        headers.add(name: "host", value: target.authority)
        for field in passed where field.name != .via {
            headers.add(name: field.name.rawName, value: field.value)
        }
        // Anything else could hide the credential from the scrubber.
        headers.add(name: "accept-encoding", value: "identity")
        let via = request.fields[values: .via] + ["1.1 \(name)"]
        headers.add(name: "via", value: via.joined(separator: ", "))
        headers.add(name: "connection", value: "close")
        if let length = request.fields[.contentLength] {
            headers.add(name: "content-length", value: length)
        } else if request.fields[.transferEncoding] != nil {
            headers.add(name: "transfer-encoding", value: "chunked")
        }
        let query = RenderedCredential.query(target.query, without: grant.presentation.parameter)
        return HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: route.method),
            uri: target.path + (query.map { "?\($0)" } ?? ""),
            headers: headers
        )
    }
}
