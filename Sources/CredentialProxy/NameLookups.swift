// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import Synchronization
internal import VaultCore
internal import VaultModel

/// Asks for the addresses of targets' names, so that a name server which says nothing holds up only those who ask it.
///
/// Those who want the same name at the same moment wait for one answer, which is not kept here.
final class NameLookups: Sendable {
    /// Names that are looked up at the same time for one holder of one credential.
    static let mostAtOnce = 4
    /// Where the machine's own resolver may block.
    static let threads = {
        let pool = NIOThreadPool(numberOfThreads: 8 * mostAtOnce)
        pool.start()
        return pool
    }()

    private let resolver: any Resolver
    private let state = Mutex(State())

    private struct State {
        var underWay: [String: EventLoopFuture<[IPAddress]>] = [:]
        /// How many of them were begun for whom.
        var begun: [ProxyGrant.Isolation: Int] = [:]
    }

    init(_ resolver: any Resolver) {
        self.resolver = resolver
    }

    /// Every address of `name`.
    ///
    /// Throws ``ProxyError/unresolved`` after `limit`, and at once where as many other names as allowed are being looked up.
    func addresses(
        of name: String,
        for isolation: ProxyGrant.Isolation,
        within limit: TimeAmount
    ) async throws(ProxyError) -> [IPAddress] {
        let loop = ConnectionPool.eventLoop
        guard let lookup = lookUp(name, for: isolation, on: loop) else { throw .unresolved }
        let answer = loop.makePromise(of: [IPAddress].self)
        let timer = loop.scheduleTask(in: limit) { answer.fail(ProxyError.unresolved) }
        defer { timer.cancel() }
        lookup.cascade(to: answer)
        do {
            return try await answer.futureResult.get()
        } catch {
            throw .unresolved
        }
    }

    private func lookUp(
        _ name: String,
        for isolation: ProxyGrant.Isolation,
        on loop: any EventLoop
    ) -> EventLoopFuture<[IPAddress]>? {
        state.withLock { state in
            if let known = state.underWay[name] { return known }
            let begun = state.begun[isolation, default: 0]
            guard begun < Self.mostAtOnce else { return nil }
            state.begun[isolation] = begun + 1
            let lookup = loop.makePromise(of: [IPAddress].self)
            state.underWay[name] = lookup.futureResult
            // Ends with its answer, whoever still waits for it.
            lookup.completeWithTask { [self] in
                defer { end(name, for: isolation) }
                return try await resolver.addresses(of: name)
            }
            return lookup.futureResult
        }
    }

    private func end(_ name: String, for isolation: ProxyGrant.Isolation) {
        state.withLock { state in
            state.underWay[name] = nil
            let others = state.begun[isolation, default: 1] - 1
            state.begun[isolation] = others == 0 ? nil : others
        }
    }
}
