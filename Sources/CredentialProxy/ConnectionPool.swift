// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import NIOPosix
internal import ProxyRules
internal import Synchronization
internal import VaultCore
internal import VaultModel

/// Connections that wait for their next request, or take more of them.
///
/// One is used again only by the same holder of the same version of the same credential, for the same scheme, host and port:
/// what one exchange may leave behind concerns nobody else. It leads to one of the target's addresses, checked a moment ago
/// (``TargetAddresses``), and its certificate vouched for that name.
final class ConnectionPool: Sendable {
    final class Key: Hashable, Sendable {
        private let isolation: ProxyGrant.Isolation
        private let scheme: TargetURL.Scheme
        private let host: TargetHost
        private let port: UInt16
        /// Of all of them, once: every request looks for its place twice.
        private let hash: Int

        init(_ grant: ProxyGrant, _ target: TargetURL) {
            isolation = grant.isolation
            scheme = target.scheme
            host = target.host
            port = target.port
            var hasher = Hasher()
            hasher.combine(isolation)
            hasher.combine(scheme)
            hasher.combine(host)
            hasher.combine(port)
            hash = hasher.finalize()
        }

        static func == (left: Key, right: Key) -> Bool {
            left === right
                || left.hash == right.hash && left.port == right.port && left.scheme == right.scheme
                    && left.host == right.host && left.isolation == right.isolation
        }

        func hash(into hasher: inout Hasher) { hasher.combine(hash) }
    }

    /// How long one waits at most; many servers close theirs after a minute, some after five seconds.
    private static let longestRest: TimeAmount = .seconds(20)
    private static let longestLife: TimeAmount = .seconds(60)
    private static let mostOfOneKind = 128
    private static let most = 4_096

    /// Where connections of one kind are: an event loop has its own.
    struct Place: Hashable, Sendable {
        fileprivate let key: Key
        fileprivate let loop: ObjectIdentifier
    }

    /// Connections that are on their way, and who waits for one of them.
    fileprivate struct Dials {
        var count = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    fileprivate struct Resting {
        let connection: TargetConnection
        let since: NIODeadline
    }

    /// Those of one kind, the last one that came first; touched in the lock only.
    // A class, since a dictionary lends an array that is its value by way of an allocation.
    fileprivate final class Bench {
        var resting: [Resting] = []
    }

    fileprivate struct State {
        var benches: [Place: Bench] = [:]
        /// Connections of HTTP/2, which are in use and take more.
        var sessions: [Place: [TargetSession]] = [:]
        /// What spoke HTTP/2 when it was last dialed.
        var known: Set<Place> = []
        var dials: [Place: Dials] = [:]
        var count = 0
        var isSwept = false
    }

    private let state = Mutex(State())

    /// The loop that the calling task runs on, or any other one.
    static var eventLoop: any EventLoop {
        MultiThreadedEventLoopGroup.currentEventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
    }

    /// Nil where the calling task runs on no event loop.
    private static func place(of key: Key) -> Place? {
        MultiThreadedEventLoopGroup.currentEventLoop.map { Place(key: key, loop: ObjectIdentifier($0)) }
    }

    /// A connection of the calling task's event loop to one of `addresses` that can carry a request at once.
    func take(_ key: Key, to addresses: [IPAddress]) -> TargetConnection? {
        guard let place = Self.place(of: key) else { return nil }
        while let resting = state.withLock({ $0.popLast(place) }) {
            let now = NIODeadline.now()
            if now - resting.since < Self.longestRest, now - resting.connection.madeAt < Self.longestLife,
                addresses.contains(resting.connection.address), resting.connection.wake()
            {
                return resting.connection
            }
            resting.connection.close()
        }
        return nil
    }

    /// A connection of HTTP/2 of the calling task's event loop to one of `addresses` with a place for a stream, which is taken.
    func session(_ key: Key, to addresses: [IPAddress]) -> TargetSession? {
        guard let place = Self.place(of: key) else { return nil }
        return state.withLock { $0.sessions[place]?.first { addresses.contains($0.address) && $0.reserve() } }
    }

    /// Notes that a connection over TLS is being dialed by the calling task.
    func beginDial(_ key: Key) -> Place? {
        guard let place = Self.place(of: key) else { return nil }
        state.withLock { $0.dials[place, default: Dials()].count += 1 }
        return place
    }

    /// Ends what ``beginDial(_:)`` began, and lets those who waited look for a stream.
    func endDial(_ place: Place?, speaksHTTP2: Bool) {
        guard let place else { return }
        let waiting = state.withLock { state in
            if !speaksHTTP2 {
                state.known.remove(place)
            } else {
                // Each is small; what is forgotten costs a connection.
                if state.known.count >= Self.most { state.known = [] }
                state.known.insert(place)
            }
            defer {
                state.dials[place]?.count -= 1
                state.dials[place]?.waiting = []
                if state.dials[place]?.count == 0 { state.dials[place] = nil }
            }
            return state.dials[place]?.waiting ?? []
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits for a connection that is on its way to where HTTP/2 is spoken; false where there is none.
    func waitForDial(_ key: Key) async -> Bool {
        guard let place = Self.place(of: key) else { return false }
        guard state.withLock({ $0.known.contains(place) && $0.dials[place] != nil }) else { return false }
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                guard state.dials[place] != nil else { return true }
                state.dials[place]?.waiting.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
        return true
    }

    /// Takes in a connection of HTTP/2 until it ends; it rests and ends by itself.
    func keep(_ session: TargetSession, as key: Key) {
        let place = Place(key: key, loop: ObjectIdentifier(session.eventLoop))
        state.withLock { $0.sessions[place, default: []].append(session) }
        session.whenClosed { [weak self, weak session] in
            self?.state.withLock { state in
                let others = state.sessions[place]?.filter { $0 !== session } ?? []
                state.sessions[place] = others.isEmpty ? nil : others
            }
        }
    }

    /// Takes in a connection that rests; called on its event loop.
    func put(_ connection: TargetConnection, as key: Key) {
        let place = Place(key: key, loop: ObjectIdentifier(connection.eventLoop))
        let (isKept, mustSweep) = state.withLock { state in
            let bench = state.bench(at: place)
            guard state.count < Self.most, bench.resting.count < Self.mostOfOneKind else { return (false, false) }
            bench.resting.append(Resting(connection: connection, since: .now()))
            state.count += 1
            defer { state.isSwept = true }
            return (true, !state.isSwept)
        }
        guard isKept else { return connection.close() }
        if mustSweep { sweep(on: connection.eventLoop) }
    }

    private func sweep(on loop: any EventLoop) {
        loop.scheduleTask(in: Self.longestRest) { [weak self] in
            guard let self else { return }
            let now = NIODeadline.now()
            let (old, goesOn) = state.withLock { state in
                (state.removeRested(before: now - Self.longestRest), state.isSwept)
            }
            for connection in old { connection.close() }
            if goesOn { sweep(on: loop) }
        }
    }
}

extension ConnectionPool.State {
    fileprivate mutating func bench(at place: ConnectionPool.Place) -> ConnectionPool.Bench {
        if let index = benches.index(forKey: place) {
            let (old, bench) = benches[index]
            guard old.key !== place.key else { return bench }
            // A grant that was read again has a key of its own, and the same one is compared at once.
            benches.remove(at: index)
            benches[place] = bench
            return bench
        }
        let bench = ConnectionPool.Bench()
        benches[place] = bench
        return bench
    }

    fileprivate mutating func popLast(_ place: ConnectionPool.Place) -> ConnectionPool.Resting? {
        guard let last = benches[place]?.resting.popLast() else { return nil }
        count -= 1
        return last
    }

    /// Takes out what has rested since before `time`, and stops the sweeping where nothing is left.
    fileprivate mutating func removeRested(before time: NIODeadline) -> [TargetConnection] {
        var old: [TargetConnection] = []
        for (place, bench) in benches {
            old += bench.resting.filter { $0.since < time }.map(\.connection)
            bench.resting.removeAll { $0.since < time }
            if bench.resting.isEmpty { benches[place] = nil }
        }
        count -= old.count
        if count == 0 { isSwept = false }
        return old
    }
}
