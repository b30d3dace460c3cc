// SPDX-License-Identifier: Apache-2.0

package import NIOCore
internal import ProxyRules
internal import VaultCore
internal import VaultModel

/// From a request that may be sent to the head of its answer.
extension Broker {
    /// Sends a request to a target that its credential may go to, and returns when the head of the answer is there.
    func send(
        _ request: OutgoingRequest,
        to target: GrantedTarget,
        _ grant: ProxyGrant,
        _ admission: Admission?,
        number: Int = 1
    ) async throws(ProxyError) -> ProxyAnswer {
        try await send(try await depart(request, to: target, grant, number: number), admission)
    }

    /// Forwards a request that is all there, `whole` being its body, where nothing but its target has to be waited for;
    /// on the event loop that reads the request.
    ///
    /// Nil otherwise, and for whatever is refused: then nothing was done. `done` is called once, on the same event loop, and
    /// not before this returns. A task and the frames of what could wait cost as much as an attempt's entry.
    package func forwardNow(
        _ request: ProxyRequest,
        _ whole: ByteBuffer,
        _ done: @escaping @Sendable (Result<ProxyAnswer, ProxyError>) -> Void
    ) throws(ProxyError) -> ProxyCall? {
        guard whole.readableBytes <= settings.mostRequestBytes ?? .max, let departure = try departNow(request) else {
            return nil
        }
        let exchange = exchange(of: departure, over: departure.connection, nil)
        exchange.begin(departure, departure.request.body == nil ? nil : whole) { [self] in
            do {
                done(.success(try exchange.answerNow(departure.attempt, repetition(of: departure))))
            } catch is Exchange.EndedUnanswered {
                // Ends with the answer; cancelled with the call.
                let task = Task(executorPreference: departure.request.executor) { [self] in
                    do throws(ProxyError) {
                        done(.success(try await again(departure, nil)))
                    } catch {
                        done(.failure(error))
                    }
                }
                exchange.goOn(with: task)
            } catch {
                done(.failure(error as? ProxyError ?? .badAnswer))
            }
        }
        return ProxyCall(exchange)
    }

    /// Decides about a request in the same order as every other, where its grant is known, its target's addresses are, a
    /// connection rests and a slot is free.
    ///
    /// Nil otherwise, and for whatever is refused: then nothing was recorded, opened or sent.
    private func departNow(_ request: ProxyRequest) throws(ProxyError) -> Departure? {
        guard limits.areNone, let route = try? ProxyRoute(request) else { return nil }
        let caller = ProxyCaller.token(route.token, from: request.peer)
        guard let grants = vault.knownProxyGrants(caller, credential: route.credentialName), grants.count == 1,
            let grant = grants.first, grant.response == .full,
            let target = try? route.target(of: grant)
        else { return nil }
        let request = OutgoingRequest(request, method: route.method)
        // What may be sent again is kept before.
        guard request.body == nil || !request.isIdempotent, !request.isWebSocket,
            (try? check(request, target, grant)) != nil
        else { return nil }
        guard let addresses = targetAddresses.known(target.url.host),
            let connection = pool.take(target.key, to: addresses)
        else { return nil }
        let attempt = attempt(request, target, number: 1, over: connection)
        do {
            guard let open = try vault.beginNow(attempt, with: grant) else {
                connection.close()
                return nil
            }
            return Departure(request, to: target, grant, over: connection, hasRested: true, open, attempt, via: via)
        } catch {
            connection.close()
            throw .vault(error)
        }
    }

    /// Decides about a request, finds a connection for it and records the attempt, in this order; every refusal is recorded.
    private func depart(
        _ request: OutgoingRequest,
        to target: GrantedTarget,
        _ grant: ProxyGrant,
        number: Int
    ) async throws(ProxyError) -> Departure {
        var request = request
        let connection: TargetConnection
        let hasRested: Bool
        do {
            try check(request, target, grant)
            (connection, hasRested) = try await connect(to: target, grant, request)
        } catch {
            try await record(error, of: attempt(request, target, number: number), grant)
            throw error
        }
        // A target that leaves says which streams it did nothing of, whatever their methods.
        if hasRested, request.isIdempotent || connection.session != nil {
            do {
                request = try await bodies.keeping(request)
            } catch {
                connection.close()
                try await record(error, of: attempt(request, target, number: number), grant)
                throw error
            }
        }
        let attempt = attempt(request, target, number: number, over: connection)
        do {
            let open = try await vault.begin(attempt, with: grant)
            return Departure(
                request,
                to: target,
                grant,
                over: connection,
                hasRested: hasRested,
                open,
                attempt,
                via: via
            )
        } catch {
            connection.close()
            throw .vault(error)
        }
    }

    private func attempt(
        _ request: OutgoingRequest,
        _ target: GrantedTarget,
        number: Int,
        over connection: TargetConnection? = nil
    ) -> ProxyAttempt {
        var attempt = ProxyAttempt(target: target.redacted, method: request.method)
        attempt.number = number
        attempt.address = connection?.addressText
        return attempt
    }

    /// A connection or a stream for a request, and whether it carried one before.
    private func connect(
        to target: GrantedTarget,
        _ grant: ProxyGrant,
        _ request: OutgoingRequest
    ) async throws(ProxyError) -> (TargetConnection, hasRested: Bool) {
        let addresses = try await addresses(of: target, for: grant)
        if let taken = pool.take(target.key, to: addresses) { return (taken, true) }
        if let stream = await stream(to: target, at: addresses, request) { return (stream, true) }
        return (try await dial(target, at: addresses, request), false)
    }

    private func send(_ departure: Departure, _ admission: Admission?) async throws(ProxyError) -> ProxyAnswer {
        // It ended meanwhile, so nothing of this request was sent yet.
        if departure.hasRested, !departure.connection.isOpen { return try await again(departure, admission) }
        do {
            return try await exchange(of: departure, over: departure.connection, admission)
                .run(departure, departure.attempt, repetition: repetition(of: departure))
        } catch is Exchange.EndedUnanswered {
            return try await again(departure, admission)
        } catch {
            throw error as? ProxyError ?? .badAnswer
        }
    }

    /// A connection that rested may end as the request comes (RFC 9112 §9.3.1), and what can be done twice is then sent again
    /// (RFC 9110 §9.2.2): whether anything came of the first time cannot be told.
    private func repetition(of departure: Departure) -> Exchange.Repetition {
        guard departure.request.isRepeatable else { return .never }
        return departure.hasRested && departure.request.isIdempotent ? .unanswered : .unprocessed
    }

    private func exchange(
        of departure: Departure,
        over connection: TargetConnection,
        _ admission: Admission?
    ) -> Exchange {
        let bounds = bounds.within(departure.request.patience)
        return Exchange(departure, over: connection, from: pool, admission, settings: bounds)
    }

    /// Sends a request anew over a connection of its own.
    private func again(
        _ departure: Departure,
        _ admission: Admission?
    ) async throws(ProxyError) -> ProxyAnswer {
        var attempt = departure.attempt
        do {
            let addresses = try await addresses(of: departure.target, for: departure.grant, anew: true)
            let connection = try await dial(departure.target, at: addresses, departure.request)
            attempt.address = connection.addressText
            return try await exchange(of: departure, over: connection, admission)
                .run(departure, attempt, repetition: .never)
        } catch {
            let failure = error as? ProxyError ?? .badAnswer
            attempt.error = failure.reason
            departure.open.end(attempt)
            throw failure
        }
    }
}
