// SPDX-License-Identifier: Apache-2.0

internal import NIOCore
internal import Synchronization

/// Keeps small bodies of requests in memory, so that they can be sent again.
///
/// One whose length is not said, or is more than ``longest``, is passed on as it comes and can be sent once.
final class KeptBodies: Sendable {
    /// In bytes.
    static let longest = 1 << 20
    /// Of all of them together, in bytes.
    static let mostTogether = 32 << 20

    private let kept = Mutex(0)

    /// The same request with a body that can be sent again, where it can be kept.
    ///
    /// Throws where the agent breaks off.
    func keeping(_ request: OutgoingRequest) async throws(ProxyError) -> OutgoingRequest {
        guard let body = request.body, !request.isRepeatable, let length = request.contentLength,
            let reservation = reserve(length)
        else { return request }
        var parts: [ByteBuffer] = []
        var count = 0
        do {
            for try await bytes in body {
                count += bytes.readableBytes
                guard count <= length else { throw ProxyError.brokenOff }
                parts.append(bytes)
            }
        } catch {
            throw error as? ProxyError ?? .brokenOff
        }
        guard count == length else { throw .brokenOff }
        return request.with(KeptBody(parts: parts, reservation: reservation))
    }

    private func reserve(_ count: Int) -> Reservation? {
        guard count <= Self.longest else { return nil }
        let isFree = kept.withLock { kept in
            guard kept + count <= Self.mostTogether else { return false }
            kept += count
            return true
        }
        return isFree ? Reservation(self, count) : nil
    }

    /// Memory that is taken while this is held.
    fileprivate final class Reservation: Sendable {
        private let bodies: KeptBodies
        private let count: Int

        init(_ bodies: KeptBodies, _ count: Int) {
            self.bodies = bodies
            self.count = count
        }

        deinit { bodies.kept.withLock { $0 -= count } }
    }
}

/// A body that is whole and in memory; every iteration gives all of it.
struct KeptBody: AsyncSequence, Sendable {
    fileprivate let parts: [ByteBuffer]
    fileprivate let reservation: KeptBodies.Reservation

    struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate var rest: IndexingIterator<[ByteBuffer]>

        mutating func next() async throws -> ByteBuffer? { rest.next() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: parts.makeIterator()) }
}
