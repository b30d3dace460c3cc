// SPDX-License-Identifier: Apache-2.0

package import APITypes
package import HTTPTypes
package import NIOCore
package import VaultModel

/// Takes whole requests away from the API and answers them with what a target says.
package protocol Forwarding: Sendable {
    /// Whether requests for `path`, the query included, are its business.
    func takes(_ path: String) -> Bool

    /// Throws a ``ForwardingRefusal``, or an error of the vault, for an answer that is the server's own.
    func forward(_ request: ForwardedRequest) async throws -> any ForwardedAnswer

    /// Does what ``forward(_:)`` does for a request that is all there, where nothing but its target has to be waited for.
    ///
    /// Nil otherwise, and then nothing was done. `done` is called once, on the event loop of the caller, and not before this
    /// returns. Throws what ``forward(_:)`` throws.
    func forwardNow(
        _ request: ForwardedRequest,
        _ done: @escaping @Sendable (Result<any ForwardedAnswer, any Error>) -> Void
    ) throws -> (any ForwardedCall)?

    /// Asks the provider of a credential whether its key is good.
    func test(_ credential: String, by caller: Caller) async throws -> CredentialTestBody
}

/// A request that was sent, and has no answer yet.
package protocol ForwardedCall: Sendable {
    /// Ends it at once: the peer is gone.
    func cancel()
}

/// A request as it came; its body is read as fast as it is forwarded.
package struct ForwardedRequest: Sendable {
    package let method: String
    package let path: String
    package let fields: HTTPFields
    /// Whom the request comes from, for tokens that are good from some networks only.
    package let peer: IPAddress
    package let body: ForwardedBody
    /// Runs what is done for the request on the event loop of its connection.
    package let executor: any TaskExecutor
}

/// A target's answer: its head, and its body piece by piece.
package protocol ForwardedAnswer: Sendable {
    var status: Int { get }
    /// Without `Content-Length`.
    var fields: HTTPFields { get }
    /// The same as lines of HTTP/1.1, each with its end; nil where they are not there as such.
    var fieldLines: ByteBuffer? { get }
    var contentLength: Int? { get }
    /// What ``next()`` says where nothing has to be waited for; nil otherwise.
    func nextNow() throws -> ForwardedPart?

    /// The next piece; throws where the target broke off.
    func next() async throws -> ForwardedPart

    /// Takes what the agent says over the connection from now on, where the status is 101; ``next()`` has what the target says.
    func carry(_ bytes: ForwardedBody, on executor: any TaskExecutor)

    /// Ends it at once: the peer is gone.
    func cancel()

    /// Ends it: nobody takes it any more.
    func abandon() async
}

/// A piece of an answer's body, or its end.
package enum ForwardedPart: Sendable {
    case bytes(ByteBuffer)
    /// With the trailers.
    case end(HTTPFields?)
}

/// An answer of the server's own to a request that it would have forwarded.
package struct ForwardingRefusal: Error {
    let body: ErrorBody

    package init(_ body: ErrorBody) {
        self.body = body
    }
}
