// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import CredentialProxy
internal import HTTPAPI
internal import HTTPTypes
internal import NIOCore
internal import VaultCore
internal import VaultModel

/// The proxy as a part of the HTTP surface.
struct ProxySurface: Forwarding {
    let broker: Broker

    func takes(_ path: String) -> Bool { proxyTakes(path) }

    func forward(_ request: ForwardedRequest) async throws -> any ForwardedAnswer {
        do {
            return ProxiedAnswer(answer: try await broker.forward(ProxyRequest(request)))
        } catch {
            throw Self.said(error)
        }
    }

    func forwardNow(
        _ request: ForwardedRequest,
        _ done: @escaping @Sendable (Result<any ForwardedAnswer, any Error>) -> Void
    ) throws -> (any ForwardedCall)? {
        guard let whole = request.body.onePiece else { return nil }
        do {
            return try broker.forwardNow(ProxyRequest(request), whole) { result in
                done(result.map { ProxiedAnswer(answer: $0) }.mapError(Self.said))
            }
        } catch {
            throw Self.said(error)
        }
    }

    /// The broker's error in the words of the surface.
    private static func said(_ error: ProxyError) -> any Error {
        if case .vault(let error) = error { return error }
        return error.body.map { ForwardingRefusal($0) } ?? error
    }

    func test(_ credential: String, by caller: Caller) async throws -> CredentialTestBody {
        do {
            return try await broker.test(credential, by: caller)
        } catch {
            if case .vault(let error) = error { throw error }
            throw error
        }
    }
}

/// The proxy's answer in the words of the surface.
private struct ProxiedAnswer: ForwardedAnswer {
    let answer: ProxyAnswer

    var status: Int { answer.status }
    var fields: HTTPFields { answer.fields }
    var fieldLines: ByteBuffer? { answer.fieldLines }
    var contentLength: Int? { answer.contentLength }

    func next() async throws -> ForwardedPart { ForwardedPart(try await answer.next()) }

    func nextNow() throws -> ForwardedPart? { try answer.nextNow().map(ForwardedPart.init) }

    func carry(_ bytes: ForwardedBody, on executor: any TaskExecutor) { answer.carry(bytes, on: executor) }

    func cancel() { answer.cancel() }

    func abandon() async { await answer.abandon() }
}

extension ProxyCall: ForwardedCall {}

extension ProxyRequest {
    fileprivate init(_ request: ForwardedRequest) {
        self.init(
            method: request.method,
            path: request.path,
            fields: request.fields,
            peer: request.peer,
            body: request.body,
            executor: request.executor
        )
    }
}

extension ForwardedPart {
    fileprivate init(_ part: ProxyAnswer.Part) {
        switch part {
        case .bytes(let bytes): self = .bytes(bytes)
        case .end(let trailers): self = .end(trailers)
        }
    }
}

extension ForwardedBody: TrailingBody {}
