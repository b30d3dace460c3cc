// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import NIOCore
internal import Synchronization

/// The body of a request that is forwarded, piece by piece, for one reader.
///
/// Little of it is ever held: while more than ``mostHeld`` waits, whoever feeds it does not read on.
package final class ForwardedBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    static let mostHeld = 64 << 10

    private enum End {
        case whole(HTTPFields?)
        /// The agent went away before it was whole.
        case broken
    }

    private struct State {
        var pieces = CircularBuffer<ByteBuffer>(initialCapacity: 1)
        var held = 0
        var end: End?
        var waiting: CheckedContinuation<ByteBuffer?, any Error>?
        var isRefused = false
    }

    private let state = Mutex(State())
    /// Called where a full body has room again.
    private let hasRoom: @Sendable () -> Void

    init(hasRoom: @escaping @Sendable () -> Void) {
        self.hasRoom = hasRoom
    }

    /// What came after the body; nil before its end.
    package var trailers: HTTPFields? {
        state.withLock { state in
            if case .whole(let trailers) = state.end { trailers } else { nil }
        }
    }

    package func makeAsyncIterator() -> Iterator { Iterator(body: self) }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let body: ForwardedBody

        package func next() async throws -> ByteBuffer? { try await body.next() }
    }

    /// All of it, where all of it has come and nothing was read; nil otherwise.
    var whole: ByteBuffer? {
        state.withLock { state in
            guard case .whole = state.end, !state.isRefused else { return nil }
            state.held = 0
            guard var whole = state.pieces.popFirst() else { return ByteBuffer() }
            while let piece = state.pieces.popFirst() { whole.writeImmutableBuffer(piece) }
            return whole
        }
    }

    /// All of it, where it came in one piece at most and without trailers, before anything was read; nil otherwise.
    ///
    /// It can still be read afterwards.
    package var onePiece: ByteBuffer? {
        state.withLock { state in
            guard case .whole(nil) = state.end, !state.isRefused, state.pieces.count <= 1 else { return nil }
            return state.pieces.first ?? ByteBuffer()
        }
    }

    /// Adds a piece; false where the body holds so much that no more should be read.
    func feed(_ piece: ByteBuffer) -> Bool {
        let (waiting, mayGoOn) = state.withLock { state in
            guard !state.isRefused else { return (nil as CheckedContinuation<ByteBuffer?, any Error>?, true) }
            if let waiting = state.waiting {
                state.waiting = nil
                return (waiting, true)
            }
            state.pieces.append(piece)
            state.held += piece.readableBytes
            return (nil, state.held < Self.mostHeld)
        }
        waiting?.resume(returning: piece)
        return mayGoOn
    }

    func finish(_ trailers: HTTPFields?) { end(.whole(trailers)) }

    func breakOff() { end(.broken) }

    /// Drops what is held and what still comes: the answer needs none of it.
    func refuseRest() {
        let waiting = state.withLock { state in
            state.isRefused = true
            state.pieces.removeAll()
            state.held = 0
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume(throwing: CancellationError())
    }

    private func end(_ end: End) {
        let waiting = state.withLock { state in
            guard state.end == nil else { return nil as CheckedContinuation<ByteBuffer?, any Error>? }
            state.end = end
            defer { state.waiting = nil }
            return state.waiting
        }
        switch end {
        case .whole: waiting?.resume(returning: nil)
        case .broken: waiting?.resume(throwing: ChannelError.eof)
        }
    }

    private enum Turn {
        case piece(ByteBuffer, hasRoom: Bool)
        case end
        case broken
        case refused
        case wait
    }

    private func turn(_ continuation: CheckedContinuation<ByteBuffer?, any Error>?) -> Turn {
        state.withLock { state in
            if state.isRefused { return .refused }
            if let piece = state.pieces.popFirst() {
                let wasFull = state.held >= Self.mostHeld
                state.held -= piece.readableBytes
                return .piece(piece, hasRoom: wasFull && state.held < Self.mostHeld)
            }
            switch state.end {
            case .whole: return .end
            case .broken: return .broken
            case nil:
                state.waiting = continuation
                return .wait
            }
        }
    }

    private func next() async throws -> ByteBuffer? {
        switch turn(nil) {
        case .wait: break
        case let turn: return try result(of: turn)
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                switch turn(continuation) {
                case .wait: return
                case let turn: continuation.resume(with: Result { try result(of: turn) })
                }
            }
        } onCancel: {
            refuseRest()
        }
    }

    private func result(of turn: Turn) throws -> ByteBuffer? {
        switch turn {
        case .piece(let piece, let hasRoom):
            if hasRoom { self.hasRoom() }
            return piece
        case .end, .wait: return nil
        case .broken: throw ChannelError.eof
        case .refused: throw CancellationError()
        }
    }
}
