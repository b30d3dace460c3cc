// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Foundation
package import HTTPTypes
package import NIOCore
internal import NIOHTTP1
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

/// A request as it came to the proxy.
package struct ProxyRequest: Sendable {
    package var method: String
    /// With the query, as it was sent.
    package var path: String
    package var fields: HTTPFields
    package var peer: IPAddress
    package var body: any AsyncSequence<ByteBuffer, any Error> & Sendable
    /// Runs what is done for the request, best on the event loop of its connection; nil for any thread.
    package var executor: (any TaskExecutor)?

    package init(
        method: String,
        path: String,
        fields: HTTPFields,
        peer: IPAddress = .loopback,
        body: any AsyncSequence<ByteBuffer, any Error> & Sendable,
        executor: (any TaskExecutor)? = nil
    ) {
        self.method = method
        self.path = path
        self.fields = fields
        self.peer = peer
        self.body = body
        self.executor = executor
    }
}

/// A body that may have trailers (RFC 9110 §6.5).
package protocol TrailingBody: AsyncSequence<ByteBuffer, any Error>, Sendable {
    /// Nil before the end of the body, and where there are none.
    var trailers: HTTPFields? { get }
}

/// What goes back to the agent.
package struct ProxyAnswer: Sendable {
    package var status: Int
    /// Without `Content-Length`.
    package var fields: HTTPFields
    package var contentLength: Int?
    let exchange: Exchange
    /// What was read of it already.
    private var ahead: PartsAhead?

    init(status: Int, fields: HTTPFields, contentLength: Int?, exchange: Exchange) {
        self.status = status
        self.fields = fields
        self.contentLength = contentLength
        self.exchange = exchange
    }

    /// A piece of the body, or its end.
    package enum Part: Sendable {
        case bytes(ByteBuffer)
        /// With the trailers.
        case end(HTTPFields?)
    }

    /// What ``next()`` says where that is there without waiting; nil otherwise.
    package func nextNow() throws -> Part? {
        if let ahead { return try ahead.next() }
        return try exchange.nextNow()
    }

    /// The next piece, clean of the credential.
    ///
    /// Throws where the target broke off, so that the answer is broken off as well and never looks whole.
    package func next() async throws -> Part {
        if let part = try ahead?.next() { return part }
        return try await exchange.next()
    }

    /// Sends what the agent says over the WebSocket that the target has agreed to, which is what status 101 means.
    package func carry(
        _ bytes: any AsyncSequence<ByteBuffer, any Error> & Sendable,
        on executor: (any TaskExecutor)? = nil
    ) {
        exchange.carry(bytes, on: executor)
    }

    /// Ends the exchange at once: the agent is gone.
    package func cancel() { exchange.cancel() }

    /// Ends an exchange whose answer nobody takes any more, and records that.
    package func abandon() async { await exchange.end(ProxyError.brokenOff.reason) }

    /// The same, with another reason in the trail, or with none.
    func abandon(as reason: String?) async { await exchange.end(reason) }

    /// Reads the beginning of the body and keeps it for whoever takes the answer; also at its end nothing is recorded yet.
    mutating func readAhead(upTo most: Int) async -> String {
        var parts: [Part] = []
        var text: [UInt8] = []
        var failure: (any Error)?
        do {
            while text.count < most, let bytes = try await exchange.piece() {
                parts.append(.bytes(bytes))
                text += bytes.readableBytesView
            }
        } catch {
            failure = error
        }
        ahead = PartsAhead(parts, failure: failure)
        return String(decoding: text, as: UTF8.self)
    }

    /// The answer as far as the agent may see it.
    func limited(to part: AnswerPart) async throws(ProxyError) -> ProxyAnswer {
        switch part {
        case .full: return self
        case .statusOnly:
            await exchange.end(nil)
            // What follows it is not an answer, and none of it is the agent's.
            guard status != 101 else { throw .badAnswer }
            var answer = ProxyAnswer(status: status, fields: [:], contentLength: 0, exchange: exchange)
            answer.ahead = PartsAhead([.end(nil)])
            return answer
        }
    }
}

/// Carries an agent's request to its target with the credential in it, and the answer back without it.
///
/// The order is the security: token, credential and attachment, URL, hosts, path and method, addresses, connection,
/// audit entry, and only then the value. Nothing is opened for a request that any of them refuses.
package struct Broker: Sendable {
    let vault: Vault
    private let targetAddresses: TargetAddresses
    var settings: BrokerSettings
    private let tls: TargetTLS
    private let pool = ConnectionPool()
    let knownTargets = KnownTargets()
    let limits: HolderLimits
    let rests = KeyRests()
    let bodies = KeptBodies()
    /// Stands in `Via`, so that a request that comes back is known.
    private let name = "attache-\(UInt64.random(in: .min ... .max))"

    package init(
        vault: Vault,
        resolver: (any Resolver)? = nil,
        settings: BrokerSettings = BrokerSettings()
    ) throws {
        self.vault = vault
        let lookups = NameLookups(resolver ?? settings.nameServer.map { NameServerResolver($0) } ?? SystemResolver())
        targetAddresses = TargetAddresses(lookups, settings.addresses, longestUse: settings.longestUseOfAddresses)
        self.settings = settings
        limits = HolderLimits(ofHolder: settings.ofHolder, ofToken: settings.ofToken)
        tls = try TargetTLS(trusting: settings.trustedCertificates)
    }

    package func forward(_ request: ProxyRequest) async throws(ProxyError) -> ProxyAnswer {
        let route = try ProxyRoute(request)
        let grants: [ProxyGrant]
        do {
            // Whatever waits is asked only where it is needed: the frames of an async call cost as much as an attempt's entry.
            let caller = ProxyCaller.token(route.token, from: request.peer)
            if let known = vault.knownProxyGrants(caller, credential: route.credentialName) {
                grants = known
            } else {
                grants = try await vault.proxyGrants(caller, credential: route.credentialName)
            }
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
        let target: TargetURL
        do {
            target = try route.target(of: grant, among: knownTargets)
        } catch {
            try await record(error, of: ProxyAttempt(target: "-", method: route.method), grant)
            throw error
        }
        let answer = try await send(request, to: target, grant, admission)
        return grant.response == .full ? answer : try await answer.limited(to: grant.response)
    }

    /// Sends a request to a target that its credential may go to, and returns when the head of the answer is there.
    func send(
        _ request: OutgoingRequest,
        to target: TargetURL,
        _ grant: ProxyGrant,
        _ admission: Admission?,
        number: Int = 1
    ) async throws(ProxyError) -> ProxyAnswer {
        var attempt = ProxyAttempt(target: target.redacted, method: request.method)
        attempt.number = number
        let key = ConnectionPool.Key(grant, target)
        var request = request
        let resting: TargetConnection?
        let connection: TargetConnection
        do {
            try check(request, target, grant)
            if let addresses = targetAddresses.known(target.host), let taken = pool.take(key, to: addresses) {
                resting = taken
                connection = taken
            } else {
                (connection, resting) = try await connect(to: target, grant, as: key, request)
            }
        } catch {
            try await record(error, of: attempt, grant)
            throw error
        }
        // A target that leaves says which streams it did nothing of, whatever their methods.
        if let resting, request.isIdempotent || resting.session != nil {
            do {
                request = try await bodies.keeping(request)
            } catch {
                connection.close()
                try await record(error, of: attempt, grant)
                throw error
            }
        }
        attempt.address = connection.addressText
        let open: OpenAttempt
        do {
            if let now = try vault.beginNow(attempt, with: grant) {
                open = now
            } else {
                open = try await vault.begin(attempt, with: grant)
            }
        } catch {
            connection.close()
            throw .vault(error)
        }
        let head = request.head(to: target, grant, open.credential, via: name)
        // It ended meanwhile, so nothing of this request was sent yet.
        if resting != nil, !connection.isOpen {
            return try await again(head, request, to: target, grant, as: key, open, admission, attempt)
        }
        // A connection that rested may end as the request comes (RFC 9112 §9.3.1), and what can be done twice is then sent
        // again (RFC 9110 §9.2.2): whether anything came of the first time cannot be told.
        let mayHaveEnded = resting != nil && request.isIdempotent
        let repetition: Exchange.Repetition =
            request.isRepeatable ? mayHaveEnded ? .unanswered : .unprocessed : .never
        do {
            let exchange = Exchange(connection, from: pool, as: key, open, admission, settings: settings)
            return try await exchange.run(
                head,
                request.body,
                on: request.executor,
                attempt,
                repetition: repetition
            )
        } catch is Exchange.EndedUnanswered {
            return try await again(head, request, to: target, grant, as: key, open, admission, attempt)
        } catch {
            throw error as? ProxyError ?? .badAnswer
        }
    }

    /// A connection or a stream for a request, and the same where it was there before.
    @inline(never)
    private func connect(
        to target: TargetURL,
        _ grant: ProxyGrant,
        as key: ConnectionPool.Key,
        _ request: OutgoingRequest
    ) async throws(ProxyError) -> (TargetConnection, resting: TargetConnection?) {
        let addresses = try await addresses(of: target, for: grant)
        if let taken = pool.take(key, to: addresses) { return (taken, taken) }
        if let stream = await stream(to: target, at: addresses, as: key, request) { return (stream, stream) }
        return (try await dial(target, at: addresses, as: key, request), nil)
    }

    /// What is decided before a name is looked up or a connection is made.
    private func check(_ request: OutgoingRequest, _ target: TargetURL, _ grant: ProxyGrant) throws(ProxyError) {
        let decision = HostDecision(grant.hosts, target: target, method: request.method)
        guard decision == .allowed else { throw .host(decision) }
        guard !HeaderRules.holdsToken(target.path), !HeaderRules.holdsToken(target.query ?? "") else {
            throw .tokenInTarget
        }
        guard !HeaderRules.namesToken(request.fields) else { throw .tokenInFieldName }
        guard !request.fields[values: .via].contains(where: { $0.contains(name) }) else { throw .loop }
        if let most = settings.mostRequestBytes, let length = request.contentLength, length > most {
            throw .requestTooLarge
        }
    }

    /// Records why nothing was sent; what the vault refused is recorded by the vault.
    @inline(never)
    private func record(
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

    /// Sends a request anew over a connection of its own.
    @inline(never)
    private func again(
        _ head: HTTPRequestHead,
        _ request: OutgoingRequest,
        to target: TargetURL,
        _ grant: ProxyGrant,
        as key: ConnectionPool.Key,
        _ open: OpenAttempt,
        _ admission: Admission?,
        _ attempt: ProxyAttempt
    ) async throws(ProxyError) -> ProxyAnswer {
        var attempt = attempt
        do {
            let addresses = try await addresses(of: target, for: grant, anew: true)
            let connection = try await dial(target, at: addresses, as: key, request)
            attempt.address = connection.addressText
            let exchange = Exchange(connection, from: pool, as: key, open, admission, settings: settings)
            return try await exchange.run(head, request.body, on: request.executor, attempt, repetition: .never)
        } catch {
            let failure = error as? ProxyError ?? .badAnswer
            attempt.error = failure.reason
            open.end(attempt)
            throw failure
        }
    }

    private func dial(
        _ target: TargetURL,
        at addresses: [IPAddress],
        as key: ConnectionPool.Key,
        _ request: OutgoingRequest
    ) async throws(ProxyError) -> TargetConnection {
        let place = goesOverStreams(request, target) ? pool.beginDial(key) : nil
        var speaksHTTP2 = false
        defer { pool.endDial(place, speaksHTTP2: speaksHTTP2) }
        guard let address = addresses.first else { throw .unresolved }
        let connection = try await TargetConnection.dial(
            target,
            at: address,
            tls: tls.context(forWebSocket: request.isWebSocket),
            within: TimeAmount(settings.connect)
        )
        if let session = connection.session {
            speaksHTTP2 = true
            pool.keep(session, as: key)
        }
        return connection
    }

    /// A stream of a connection that is in use, where the target speaks HTTP/2 and the request can go over it.
    private func stream(
        to target: TargetURL,
        at addresses: [IPAddress],
        as key: ConnectionPool.Key,
        _ request: OutgoingRequest
    ) async -> TargetConnection? {
        guard goesOverStreams(request, target) else { return nil }
        if let stream = await pool.session(key, to: addresses)?.stream() { return stream }
        // Requests that come while one connection is made are its streams, too.
        guard await pool.waitForDial(key) else { return nil }
        return await pool.session(key, to: addresses)?.stream()
    }

    /// Whether HTTP/2 is offered to the target.
    private func goesOverStreams(_ request: OutgoingRequest, _ target: TargetURL) -> Bool {
        target.scheme == .https && !request.isWebSocket
    }

    /// Every address of the target is checked, and one of those is dialed: no second lookup can lead elsewhere.
    private func addresses(
        of target: TargetURL,
        for grant: ProxyGrant,
        anew: Bool = false
    ) async throws(ProxyError) -> [IPAddress] {
        let limit = TimeAmount(settings.connect)
        return try await targetAddresses.addresses(of: target.host, for: grant.isolation, within: limit, anew: anew)
    }
}
