// SPDX-License-Identifier: Apache-2.0

internal import Foundation
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
    private let vault: Vault
    private let grant: ProxyGrant
    private let settings: BrokerSettings
    /// Nil before the head of an answer and after its end.
    private let state = Mutex<State?>(nil)
    private let sending = Mutex<Task<Void, Never>?>(nil)
    private let start = ContinuousClock.now

    init(_ connection: TargetConnection, vault: Vault, grant: ProxyGrant, settings: BrokerSettings) {
        self.connection = connection
        self.vault = vault
        self.grant = grant
        self.settings = settings
    }

    /// Sends the request and returns when the head of the answer is there.
    func run(
        _ head: HTTPRequestHead,
        _ body: any AsyncSequence<ByteBuffer, any Error> & Sendable,
        _ credential: RenderedCredential,
        _ attempt: ProxyAttempt
    ) async throws(ProxyError) -> ProxyAnswer {
        var attempt = attempt
        do {
            try await connection.send(head, with: credential)
            send(body)
            let answer = try await firstPart()
            attempt.status = Int(answer.status.code)
            return try self.answer(answer, credential, attempt)
        } catch {
            let failure = error as? ProxyError ?? .badAnswer
            cancel()
            attempt.error = failure.reason
            await record(attempt, bytes: 0)
            throw failure
        }
    }

    /// Ends both directions at once.
    func cancel() {
        sending.withLock { $0?.cancel() }
        connection.close()
    }

    private func send(_ body: any AsyncSequence<ByteBuffer, any Error> & Sendable) {
        let connection = connection
        // Stored, and cancelled by `cancel`.
        let task = Task {
            do {
                for try await bytes in body { try await connection.send(bytes) }
                try await connection.sendEnd()
            } catch {
                // The agent broke off, so the target must not take what it has for the whole; or the target did.
                if !(error is ChannelError) { connection.close() }
            }
        }
        sending.withLock { $0 = task }
    }

    private func firstPart() async throws -> HTTPResponseHead {
        switch try await connection.next(within: TimeAmount(settings.firstByte)) {
        case .head(let head): return head
        case .body, .end, nil: throw ProxyError.badAnswer
        }
    }

    private func answer(
        _ head: HTTPResponseHead,
        _ credential: RenderedCredential,
        _ attempt: ProxyAttempt
    ) throws(ProxyError) -> ProxyAnswer {
        let encodings = head.headers["content-encoding"]
        guard encodings.allSatisfy({ $0.lowercased() == "identity" }), head.status.code != 101 else { throw .badAnswer }
        var scrubber = ResponseScrubber(credential.needles)
        let fields = scrubbed(head.headers, by: &scrubber)
        let length = head.headers.first(name: "content-length").flatMap { Int($0) }
        state.withLock { $0 = State(scrubber: scrubber, attempt: attempt) }
        return ProxyAnswer(
            status: Int(head.status.code),
            fields: fields,
            contentLength: head.headers.contains(name: "transfer-encoding") ? nil : length,
            exchange: self
        )
    }

    /// The next piece of the answer's body, clean; throws where the target broke off.
    func next() async throws -> ProxyAnswer.Part {
        do {
            while true {
                if let part = state.withLock({ $0?.takeEnd() }) {
                    await end(nil)
                    return part
                }
                switch try await connection.next(within: TimeAmount(settings.idle)) {
                case .body(let bytes):
                    let clean = state.withLock { $0?.clean(bytes) }
                    if let clean, clean.readableBytes > 0 { return .bytes(clean) }
                case .end(let trailers):
                    let rest = state.withLock { state in
                        guard var ending = state else { return ByteBuffer() }
                        defer { state = ending }
                        return ending.finish(trailers.map { scrubbed($0, by: &ending.scrubber) })
                    }
                    if rest.readableBytes > 0 { return .bytes(rest) }
                // The connection ended before the message did.
                case .head, nil: throw ProxyError.badAnswer
                }
            }
        } catch {
            await end((error as? ProxyError)?.reason ?? ProxyError.badAnswer.reason)
            throw error
        }
    }

    /// Ends an exchange whose answer nobody takes any more.
    func abandon() async { await end("broken_off") }

    /// Closes the connection and records what came of the attempt, once.
    private func end(_ error: String?) async {
        cancel()
        let ended = state.withLock { state in
            defer { state = nil }
            return state
        }
        guard let ended else { return }
        var attempt = ended.attempt
        attempt.error = error
        await record(attempt, bytes: ended.bytes)
    }

    private func scrubbed(_ headers: HTTPHeaders, by scrubber: inout ResponseScrubber) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in headers {
            guard let name = HTTPField.Name(scrubber.scrubbed(name)) else { continue }
            fields.append(HTTPField(name: name, value: scrubber.scrubbed(value)))
        }
        return HeaderRules.returned(fields)
    }

    private func record(_ attempt: ProxyAttempt, bytes: Int) async {
        var attempt = attempt
        attempt.bytes = bytes
        attempt.duration = ContinuousClock.now - start
        await vault.recordProxyAnswer(attempt, grant)
    }

    /// An answer that is under way.
    private struct State {
        var scrubber: ResponseScrubber
        var attempt: ProxyAttempt
        var bytes = 0
        private var trailers: HTTPFields?
        private var hasEnded = false

        init(scrubber: ResponseScrubber, attempt: ProxyAttempt) {
            self.scrubber = scrubber
            self.attempt = attempt
        }

        mutating func clean(_ bytes: ByteBuffer) -> ByteBuffer {
            var bytes = bytes
            self.bytes += bytes.readableBytes
            var clean = ByteBuffer()
            bytes.withUnsafeMutableReadableBytes { scrubber.scrub($0) { _ = clean.writeBytes($0) } }
            return clean
        }

        /// What was held back, which is no beginning of a find any more.
        mutating func finish(_ trailers: HTTPFields?) -> ByteBuffer {
            self.trailers = trailers
            hasEnded = true
            var rest = ByteBuffer()
            scrubber.finish { _ = rest.writeBytes($0) }
            return rest
        }

        func takeEnd() -> ProxyAnswer.Part? { hasEnded ? .end(trailers) : nil }
    }
}
