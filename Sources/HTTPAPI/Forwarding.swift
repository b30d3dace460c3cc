// SPDX-License-Identifier: Apache-2.0

package import APITypes
package import HTTPTypes
internal import Hummingbird
package import NIOCore
package import VaultModel

/// Takes whole requests away from the API and answers them with what a target says.
package protocol Forwarding: Sendable {
    /// Whether requests for `path`, the query included, are its business.
    func takes(_ path: String) -> Bool

    /// Throws a ``ForwardingRefusal``, or an error of the vault, for an answer that is the server's own.
    func forward(_ request: ForwardedRequest) async throws -> any ForwardedAnswer

    /// Asks the provider of a credential whether its key is good.
    func test(_ credential: String, by caller: Caller) async throws -> CredentialTestBody
}

/// A request as it came; its body is read as fast as it is forwarded.
package struct ForwardedRequest: Sendable {
    package let method: String
    package let path: String
    package let fields: HTTPFields
    /// Whom the request comes from, for tokens that are good from some networks only.
    package let peer: IPAddress
    package let body: any AsyncSequence<ByteBuffer, any Error> & Sendable
}

/// A target's answer: its head, and its body piece by piece.
package protocol ForwardedAnswer: Sendable {
    var status: Int { get }
    var fields: HTTPFields { get }
    var contentLength: Int? { get }

    /// The next piece; throws where the target broke off.
    func next() async throws -> ForwardedPart

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

extension Dispatcher {
    /// Carries a request to whoever forwards it and its answer back, piece by piece.
    func forwarded(_ request: Request, by forwarding: any Forwarding, context: APIContext) async throws -> Response {
        let answer: any ForwardedAnswer
        do {
            answer = try await forwarding.forward(
                ForwardedRequest(
                    method: request.method.rawValue,
                    path: request.uri.string,
                    fields: request.headers,
                    peer: context.peer,
                    body: request.body
                )
            )
        } catch let refusal as ForwardingRefusal {
            throw APIFailure(refusal.body)
        }
        let departure = try? await context.channel.pipeline.handler(type: DepartureOfPeer.self).get()
        departure?.calls { answer.cancel() }
        return Response(
            status: HTTPResponse.Status(code: answer.status),
            headers: answer.fields,
            body: ResponseBody(contentLength: answer.contentLength) { writer in
                defer { departure?.calls(nil) }
                do {
                    while true {
                        switch try await answer.next() {
                        case .bytes(let bytes): try await writer.write(bytes)
                        case .end(let trailers): return try await writer.finish(trailers)
                        }
                    }
                } catch {
                    await answer.abandon()
                    // Not finished where the target broke off: the connection is closed, and no answer looks whole
                    // that is not.
                    throw error
                }
            }
        )
    }
}
