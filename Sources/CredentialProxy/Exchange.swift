// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import HTTPMessages
internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import ProxyRules
internal import Synchronization
internal import VaultCore

/// One request on its way to a target, and the answer on its way back.
///
/// Both directions flow at once and each waits for the slower end. What came of it is recorded when it is over, however
/// it ends.
final class Exchange: Sendable {
    private let connection: TargetConnection
    private let place: (pool: ConnectionPool, key: ConnectionPool.Key)
    private let open: OpenAttempt
    /// Under way as long as this is.
    private let admission: Admission?
    private let settings: Bounds
    /// Nil before the head of an answer and after its end.
    private let state = Mutex<State?>(nil)
    private let sending = Mutex<Task<Void, Never>?>(nil)
    /// Sends the request anew where its first connection had ended.
    private let again = Mutex<Task<Void, Never>?>(nil)
    /// Why the request could not be sent whole, where that is not the target's doing.
    private let sendingProblem = Mutex<ProxyError?>(nil)
    /// Why the answer cannot go on, for whoever waits for its end.
    private let breach = Mutex<(any Error)?>(nil)
    private let start = ContinuousClock.now
    /// The agent is gone.
    private let isLeft = Atomic(false)
    /// What came of it is recorded, and its connection may be another's.
    private let isOver = Atomic(false)

    /// The departure is not kept: its body may take much memory, and the answer long.
    init(
        _ departure: Departure,
        over connection: TargetConnection,
        from pool: ConnectionPool,
        _ admission: Admission?,
        settings: Bounds
    ) {
        self.connection = connection
        place = (pool, departure.target.key)
        open = departure.open
        self.admission = admission
        self.settings = settings
    }

    deinit {
        // Nobody took the rest of the answer.
        if state.withLock({ $0 != nil }) { connection.close() }
    }

    /// The connection ended before a byte of the answer came: it may have been over before the request was sent, or the target
    /// says that it did nothing of it.
    struct EndedUnanswered: Error {}

    /// How long it waits, and how much it passes on.
    struct Bounds: Sendable {
        private(set) var firstByte: Duration
        private(set) var idle: Duration
        let mostRequestBytes: Int?
        let mostAnswerBytes: Int?

        init(_ settings: BrokerSettings) {
            firstByte = settings.firstByte
            idle = settings.idle
            mostRequestBytes = settings.mostRequestBytes
            mostAnswerBytes = settings.mostAnswerBytes
        }

        /// The same where nobody waits longer than `patience`.
        func within(_ patience: Duration?) -> Bounds {
            guard let patience else { return self }
            var bounds = self
            (bounds.firstByte, bounds.idle) = (patience, patience)
            return bounds
        }
    }

    /// When a request may be sent again over another connection.
    enum Repetition {
        case never
        /// Where the target vouches that it did nothing of it.
        case unprocessed
        /// Also where that cannot be told.
        case unanswered
    }

    /// Sends the request and returns when the head of the answer is there.
    ///
    /// Throws ``EndedUnanswered`` without recording anything where `repetition` lets the request be sent again.
    func run(
        _ departure: Departure,
        _ attempt: ProxyAttempt,
        repetition: Repetition
    ) async throws -> ProxyAnswer {
        var attempt = attempt
        do {
            if let body = departure.request.body {
                connection.send(departure)
                send(body, on: departure.request.executor)
            } else {
                connection.sendWhole(departure)
            }
            let answer = try await withTaskCancellationHandler {
                try await firstPart(repetition)
            } onCancel: {
                cancel()
            }
            attempt.status = answer.status
            if answer.status == 101 {
                guard departure.request.isWebSocket, answer.isPlainWebSocket else {
                    throw ProxyError.badAnswer
                }
            }
            return try self.answer(answer, attempt)
        } catch is EndedUnanswered where !hasAgentLeft {
            cancel()
            throw EndedUnanswered()
        } catch {
            let failure = giveUp(attempt, error)
            await stopSending()
            throw failure
        }
    }

    /// Begins what ``run(_:_:repetition:)`` does for a request that is all there and asks for no WebSocket, on the event loop
    /// of its connection and without a task.
    ///
    /// `listener` is called once, when it is time for ``answerNow(_:_:)``, and not before this returns.
    func begin(_ departure: Departure, _ body: ByteBuffer?, _ listener: @escaping @Sendable () -> Void) {
        connection.sendWhole(departure, body)
        connection.whenReady(within: TimeAmount(settings.firstByte), listener)
    }

    /// The answer to what was begun; throws what ``run(_:_:repetition:)`` throws.
    func answerNow(_ attempt: ProxyAttempt, _ repetition: Repetition) throws -> ProxyAnswer {
        var attempt = attempt
        do {
            let answer = try Self.head(in: Result { try connection.takeNow() }, repetition)
            attempt.status = answer.status
            guard answer.status != 101 else { throw ProxyError.badAnswer }
            return try self.answer(answer, attempt)
        } catch is EndedUnanswered where !hasAgentLeft {
            cancel()
            throw EndedUnanswered()
        } catch {
            throw giveUp(attempt, error)
        }
    }

    /// Ends and records an attempt that has no answer.
    private func giveUp(_ attempt: ProxyAttempt, _ error: any Error) -> ProxyError {
        let failure = failure(error)
        cancel()
        var attempt = attempt
        attempt.error = failure.reason
        record(attempt, bytes: 0)
        return failure
    }

    /// Ends both directions: nobody waits for the answer any more.
    func drop() {
        isLeft.store(true, ordering: .releasing)
        if !isOver.load(ordering: .acquiring) { cancel() }
        again.withLock { $0?.cancel() }
    }

    /// Ends a task that sends the request anew with this.
    func goOn(with task: Task<Void, Never>) { again.withLock { $0 = task } }

    private var hasAgentLeft: Bool { Task.isCancelled || isLeft.load(ordering: .acquiring) }

    /// Ends both directions at once.
    func cancel() {
        sending.withLock { $0?.cancel() }
        connection.close()
    }

    private func send(
        _ body: any AsyncSequence<ByteBuffer, any Error> & Sendable,
        on executor: (any TaskExecutor)?,
        closesAtEnd: Bool = false
    ) {
        let connection = connection
        let most = settings.mostRequestBytes ?? .max
        let injected = open.credential.fieldNames
        // Stored, and cancelled by `cancel`.
        let task = Task(executorPreference: executor) {
            do {
                var count = 0
                for try await bytes in body {
                    count += bytes.readableBytes
                    guard count <= most else { throw ProxyError.requestTooLarge }
                    do {
                        try await connection.send(bytes)
                    } catch is ChannelError {
                        // The target takes no more, and may have said why.
                        return
                    }
                }
                if closesAtEnd { return connection.close() }
                let trailers = (body as? any TrailingBody)?.trailers
                connection.sendEnd(trailers.map { HeaderRules.forwarded($0, injected: injected) } ?? [])
            } catch {
                // The target must not take what it has for the whole.
                if !(error is IOError) { self.sendingProblem.withLock { $0 = error as? ProxyError ?? .brokenOff } }
                connection.close()
            }
        }
        sending.withLock { $0 = task }
    }

    /// What ended the exchange: the agent, what it sent, or the target.
    private func failure(_ error: any Error) -> ProxyError {
        hasAgentLeft ? .brokenOff : sendingProblem.withLock { $0 } ?? error as? ProxyError ?? .badAnswer
    }

    /// Returns when nothing of the agent's body is read any more: whoever serves the agent reads on from there, and two
    /// must never read at once.
    private func stopSending() async {
        let task = sending.withLock { task in
            defer { task = nil }
            return task
        }
        guard let task else { return }
        task.cancel()
        await task.value
    }

    /// Sends what an agent says over a WebSocket, until it says no more.
    func carry(_ bytes: any AsyncSequence<ByteBuffer, any Error> & Sendable, on executor: (any TaskExecutor)?) {
        send(bytes, on: executor, closesAtEnd: true)
    }

    private func firstPart(_ repetition: Repetition) async throws -> AnswerLines {
        let part: Result<PartQueue.Part?, any Error>
        do {
            part = .success(try await connection.next(within: TimeAmount(settings.firstByte)))
        } catch {
            part = .failure(error)
        }
        return try Self.head(in: part, repetition)
    }

    private static func head(
        in part: Result<PartQueue.Part?, any Error>,
        _ repetition: Repetition
    ) throws -> AnswerLines {
        switch part {
        case .success(.head(let head)): return head
        case .success(nil) where repetition == .unanswered: throw EndedUnanswered()
        case .success: throw ProxyError.badAnswer
        case .failure(let error) where repetition != .never && error is TargetConnection.Unprocessed:
            throw EndedUnanswered()
        case .failure(let error) where repetition == .unanswered && error is IOError: throw EndedUnanswered()
        case .failure(let error): throw error
        }
    }

    private func answer(_ head: AnswerLines, _ attempt: ProxyAttempt) throws(ProxyError) -> ProxyAnswer {
        var scrubber = open.credential.takeScrubber()
        let said = try AnswerHead(head, cleanedBy: &scrubber)
        if let most = settings.mostAnswerBytes, let length = said.length, length > most { throw .answerTooLarge }
        state.withLock { $0 = State(head, scrubber: scrubber, of: open.credential, attempt: attempt) }
        return ProxyAnswer(
            status: head.status,
            fields: said.fields,
            contentLength: said.length,
            exchange: self
        )
    }

    /// The next piece of the answer's body, clean; throws where the target broke off.
    func next() async throws -> ProxyAnswer.Part {
        if let bytes = try await piece() { return .bytes(bytes) }
        let trailers = state.withLock { $0?.trailers }
        await end(nil)
        return .end(trailers)
    }

    /// The same where nothing has to be waited for; nil otherwise, and on any thread but the connection's own.
    func nextNow() throws -> ProxyAnswer.Part? {
        // Whatever still sends is waited for at the end.
        let isSending = sending.withLock { $0 != nil }
        do {
            while let part = connection.firstReady {
                if isSending, case .end = part { return nil }
                _ = connection.takeReady()
                if let bytes = try cleaned(part) { return .bytes(bytes) }
                guard case .end = part else { continue }
                let trailers = state.withLock { $0?.trailers }
                leave(nil).map { record($0, nil) }
                return .end(trailers)
            }
            return nil
        } catch  where isSending {
            breach.withLock { $0 = error }
            return nil
        } catch {
            let failure = failure(error)
            leave(failure.reason).map { record($0, failure.reason) }
            throw failure
        }
    }

    /// The next piece; nil at the end, which ``next()`` or ``end(_:)`` still has to record.
    func piece() async throws -> ByteBuffer? {
        do {
            while true {
                if state.withLock({ $0?.hasEnded == true }) {
                    // An answer without a length ends with its connection, which ends when the agent leaves.
                    guard !hasAgentLeft else { throw ProxyError.brokenOff }
                    // So it does when what the agent sends cannot go on.
                    if let problem = sendingProblem.withLock({ $0 }),
                        state.withLock({ $0?.endsWithConnection == true })
                    {
                        throw problem
                    }
                    return nil
                }
                if let error = breach.withLock({ $0.take() }) { throw error }
                let part = try await connection.next(within: TimeAmount(settings.idle))
                if let bytes = try cleaned(part) { return bytes }
            }
        } catch {
            let failure = failure(error)
            // Either end may leave a tunnel.
            let isOrderly = failure == .brokenOff && state.withLock { $0?.isTunnel == true }
            await end(isOrderly ? nil : failure.reason)
            throw failure
        }
    }

    /// What of a part may go on now; nil is the end of the connection.
    private func cleaned(_ part: PartQueue.Part?) throws -> ByteBuffer? {
        let clean = try state.withLock { try $0?.take(part, upTo: settings.mostAnswerBytes ?? .max) }
        return clean.flatMap { $0.readableBytes > 0 ? $0 : nil }
    }

    /// Gives the connection back or closes it, and records what came of the attempt, once.
    func end(_ error: String?) async {
        let ended = leave(error)
        await stopSending()
        if let ended { record(ended, error) }
    }

    private typealias Ended = (attempt: ProxyAttempt, bytes: Int)

    /// Gives the connection back or closes it; nil where that was done before.
    private func leave(_ error: String?) -> Ended? {
        let ended: Ended? = state.withLock { state in
            guard let last = state.take() else { return nil }
            last.wipe()
            return (last.attempt, last.bytes)
        }
        if ended != nil, error == nil { connection.rest(in: place.pool, as: place.key) } else { cancel() }
        return ended
    }

    private func record(_ ended: Ended, _ error: String?) {
        var attempt = ended.attempt
        attempt.error = error
        record(attempt, bytes: ended.bytes)
    }

    private func record(_ attempt: ProxyAttempt, bytes: Int) {
        isOver.store(true, ordering: .releasing)
        var attempt = attempt
        attempt.bytes = bytes
        attempt.duration = ContinuousClock.now - start
        open.end(attempt)
    }

    /// An answer that is under way.
    // A class, since it is wide, and lent for each piece of an answer.
    private final class State {
        private var scrubber: ResponseScrubber
        let attempt: ProxyAttempt
        private(set) var bytes = 0
        private let credential: RenderedCredential
        private var knownStates: Int
        private var frames: WebSocketScrubber?
        private(set) var trailers: HTTPFields?
        private(set) var hasEnded = false
        /// Whether the end of its connection is that of its body, whoever closes it.
        let endsWithConnection: Bool

        init(
            _ head: AnswerLines,
            scrubber: ResponseScrubber,
            of credential: RenderedCredential,
            attempt: ProxyAttempt
        ) {
            let isTunnel = head.status == 101
            endsWithConnection = head.endsWithConnection && !isTunnel
            self.scrubber = scrubber
            self.credential = credential
            self.attempt = attempt
            knownStates = scrubber.stateCount
            credential.learn(from: scrubber)
            frames = isTunnel ? WebSocketScrubber(scrubber) : nil
        }

        var isTunnel: Bool { frames != nil }

        /// What of a part may go on now; nil is the end of the connection.
        func take(_ part: PartQueue.Part?, upTo most: Int) throws(ProxyError) -> ByteBuffer {
            switch part {
            case .body(let bytes):
                guard self.bytes <= most - bytes.readableBytes else { throw .answerTooLarge }
                return try clean(bytes)
            case .end(let trailers): return finish(trailers)
            case nil where isTunnel:
                _ = finish(nil)
                return ByteBuffer()
            // The connection ended before the message did.
            case .head, nil: throw .badAnswer
            }
        }

        private func clean(_ bytes: ByteBuffer) throws(ProxyError) -> ByteBuffer {
            self.bytes += bytes.readableBytes
            defer { learn() }
            if isTunnel { return try cleanFrames(bytes) }
            if bytes.withUnsafeReadableBytes({ scrubber.passes($0) }) { return bytes }
            var bytes = bytes
            var clean = ByteBuffer()
            bytes.withUnsafeMutableReadableBytes { scrubber.scrub($0) { _ = clean.writeBytes($0) } }
            return clean
        }

        private func cleanFrames(_ bytes: ByteBuffer) throws(ProxyError) -> ByteBuffer {
            var bytes = bytes
            var clean = ByteBuffer()
            let isReadable = bytes.withUnsafeMutableReadableBytes { chunk in
                frames?.scrub(chunk) { _ = clean.writeBytes($0) }
            }
            guard isReadable == true else { throw .badAnswer }
            return clean
        }

        func wipe() {
            scrubber.wipe()
            frames?.wipe()
        }

        /// What was held back, which is no beginning of a find any more.
        private func finish(_ trailers: HTTPFields?) -> ByteBuffer {
            hasEnded = true
            var rest = ByteBuffer()
            scrubber.finish { _ = rest.writeBytes($0) }
            self.trailers = trailers.map { HTTPFields(trailersOfTarget: $0, cleanedBy: &scrubber) }
            return rest
        }

        private func learn() {
            guard scrubber.stateCount > knownStates else { return }
            knownStates = scrubber.stateCount
            credential.learn(from: scrubber)
        }
    }
}

extension AnswerLines {
    /// Whether it agrees to a WebSocket whose frames are as they were said (RFC 6455 §4.1).
    fileprivate var isPlainWebSocket: Bool {
        fields.filter { $0.name == .upgrade }.map { $0.value.lowercased() } == ["websocket"]
            && !fields.contains { $0.name == .secWebSocketExtensions }
    }
}
