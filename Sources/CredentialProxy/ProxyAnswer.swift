// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import NIOCore
internal import ProxyRules
package import VaultModel

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
    package var contentLength: Int?
    let exchange: Exchange
    private let said: AnswerFields
    /// What was read of it already.
    private var ahead: PartsAhead?

    init(status: Int, fields: AnswerFields, contentLength: Int?, exchange: Exchange) {
        self.status = status
        said = fields
        self.contentLength = contentLength
        self.exchange = exchange
    }

    /// Without `Content-Length`.
    package var fields: HTTPFields { said.made }

    /// The same as lines of HTTP/1.1; nil where they are not there as such.
    package var fieldLines: ByteBuffer? { said.lines }

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
    package func cancel() { exchange.drop() }

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
            var answer = ProxyAnswer(status: status, fields: .made([:]), contentLength: 0, exchange: exchange)
            answer.ahead = PartsAhead([.end(nil)])
            return answer
        }
    }
}

/// A request whose answer is waited for without a task.
package struct ProxyCall: Sendable {
    private let exchange: Exchange

    init(_ exchange: Exchange) {
        self.exchange = exchange
    }

    /// Ends it at once: the agent is gone.
    package func cancel() { exchange.drop() }
}
