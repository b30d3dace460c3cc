// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Foundation
internal import HTTPTypes
internal import NIOCore
package import ProxyRules
package import VaultCore
internal import VaultModel

/// How long the proxy waits, and what it may dial.
package struct BrokerSettings: Sendable {
    /// For the connection and TLS together.
    package var connect: Duration = .seconds(10)
    /// From the end of what was sent to the first byte of the answer.
    package var firstByte: Duration = .seconds(300)
    /// Between two pieces of an answer.
    package var idle: Duration = .seconds(120)
    /// Of one agent, or of one workspace key.
    package var ofHolder = RequestAllowance()
    /// Of one proxy token.
    package var ofToken = RequestAllowance()
    /// Bytes of a request's body; nil is without a limit.
    package var mostRequestBytes: Int?
    /// Bytes of an answer's body; nil is without a limit.
    package var mostAnswerBytes: Int?
    /// Addresses of the own network that may be dialed.
    package var addresses = AddressRules()
    /// How long an answer of the name server is good: few resolvers say, and most targets' answers are good for longer.
    package var longestUseOfAddresses: Duration = .seconds(5)
    /// Asked for the addresses of targets; nil for the machine's own resolver.
    package var nameServer: NameServer?
    /// A file of certificates to trust beside the system's; PEM.
    package var trustedCertificates: String?

    package init() {}
}

/// Carries an agent's request to its target with the credential in it, and the answer back without it.
///
/// The order is the security: token, credential and attachment, URL, hosts, path and method, addresses, connection,
/// audit entry, and only then the value. Nothing is opened for a request that any of them refuses.
package final class Broker: Sendable {
    let vault: Vault
    let targetAddresses: TargetAddresses
    let settings: BrokerSettings
    /// What of the settings each exchange goes by.
    let bounds: Exchange.Bounds
    let tls: TargetTLS
    let pool = ConnectionPool()
    let limits: HolderLimits
    let rests = KeyRests()
    let bodies = KeptBodies()
    /// Stands in `Via`, so that a request that comes back is known.
    let name: String
    let via: String

    package init(
        vault: Vault,
        resolver: (any Resolver)? = nil,
        settings: BrokerSettings = BrokerSettings()
    ) throws {
        self.vault = vault
        name = "attache-\(UInt64.random(in: .min ... .max))"
        via = "1.1 \(name)"
        let lookups = NameLookups(resolver ?? settings.nameServer.map { NameServerResolver($0) } ?? SystemResolver())
        targetAddresses = TargetAddresses(lookups, settings.addresses, longestUse: settings.longestUseOfAddresses)
        self.settings = settings
        bounds = Exchange.Bounds(settings)
        limits = HolderLimits(ofHolder: settings.ofHolder, ofToken: settings.ofToken)
        tls = try TargetTLS(trusting: settings.trustedCertificates)
    }

    package func forward(_ request: ProxyRequest) async throws(ProxyError) -> ProxyAnswer {
        let route = try ProxyRoute(request)
        let grants: [ProxyGrant]
        do {
            grants = try await vault.proxyGrants(
                .token(route.token, from: request.peer),
                credential: route.credentialName
            )
        } catch {
            throw .vault(error)
        }
        guard let first = grants.first else { throw .vault(.notFound(.credential)) }
        let admission: Admission?
        do {
            admission = try limits.admit(first.holder, showing: first.proxyToken)
        } catch {
            // Counted, so that nobody fills the trail that way.
            try? await vault.recordLimit(ErrorCode.rateLimited.rawValue, first)
            throw error
        }
        let outgoing = OutgoingRequest(request, method: route.method)
        guard grants.count > 1 else { return try await forward(outgoing, by: route, with: first, admission) }
        return try await forward(outgoing, by: route, choosing: grants, admission)
    }

    /// Sends a request with one credential.
    func forward(
        _ request: OutgoingRequest,
        by route: ProxyRoute,
        with grant: ProxyGrant,
        _ admission: Admission?
    ) async throws(ProxyError) -> ProxyAnswer {
        let target: GrantedTarget
        do {
            target = try route.target(of: grant)
        } catch {
            try await record(error, of: ProxyAttempt(target: "-", method: route.method), grant)
            throw error
        }
        let answer = try await send(request, to: target, grant, admission)
        return try await answer.limited(to: grant.response)
    }

    /// What is decided before a name is looked up or a connection is made.
    func check(_ request: OutgoingRequest, _ target: GrantedTarget, _ grant: ProxyGrant) throws(ProxyError) {
        let decision = HostDecision(grant.hosts, target: target.url, method: request.method)
        guard decision == .allowed else { throw .host(decision) }
        guard !target.holdsToken else { throw .tokenInTarget }
        guard !request.namesToken else { throw .tokenInFieldName }
        guard !request.via.contains(where: { $0.contains(name) }) else { throw .loop }
        if let most = settings.mostRequestBytes, let length = request.contentLength, length > most {
            throw .requestTooLarge
        }
    }

    /// Records why nothing was sent; what the vault refused is recorded by the vault.
    func record(
        _ error: ProxyError,
        of attempt: ProxyAttempt,
        _ grant: ProxyGrant
    ) async throws(ProxyError) {
        if case .vault = error { return }
        var attempt = attempt
        attempt.error = error.reason
        do {
            try await vault.recordProxyRefusal(attempt, grant)
        } catch {
            throw .vault(error)
        }
    }

    func dial(
        _ target: GrantedTarget,
        at addresses: [IPAddress],
        _ request: OutgoingRequest
    ) async throws(ProxyError) -> TargetConnection {
        let place = goesOverStreams(request, target) ? pool.beginDial(target.key) : nil
        var speaksHTTP2 = false
        defer { pool.endDial(place, speaksHTTP2: speaksHTTP2) }
        guard let address = addresses.first else { throw .unresolved }
        let connection = try await TargetConnection.dial(
            target.url,
            at: address,
            tls: tls.context(forWebSocket: request.isWebSocket),
            within: TimeAmount(settings.connect)
        )
        if let session = connection.session {
            speaksHTTP2 = true
            pool.keep(session, as: target.key)
        }
        return connection
    }

    /// A stream of a connection that is in use, where the target speaks HTTP/2 and the request can go over it.
    func stream(
        to target: GrantedTarget,
        at addresses: [IPAddress],
        _ request: OutgoingRequest
    ) async -> TargetConnection? {
        guard goesOverStreams(request, target) else { return nil }
        if let stream = await pool.session(target.key, to: addresses)?.stream() { return stream }
        // Requests that come while one connection is made are its streams, too.
        guard await pool.waitForDial(target.key) else { return nil }
        return await pool.session(target.key, to: addresses)?.stream()
    }

    /// Whether HTTP/2 is offered to the target.
    private func goesOverStreams(_ request: OutgoingRequest, _ target: GrantedTarget) -> Bool {
        target.url.scheme == .https && !request.isWebSocket
    }

    /// Every address of the target is checked, and one of those is dialed: no second lookup can lead elsewhere.
    func addresses(
        of target: GrantedTarget,
        for grant: ProxyGrant,
        anew: Bool = false
    ) async throws(ProxyError) -> [IPAddress] {
        let limit = TimeAmount(settings.connect)
        return try await targetAddresses.addresses(of: target.url.host, for: grant.isolation, within: limit, anew: anew)
    }
}
