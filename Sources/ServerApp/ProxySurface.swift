// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import CredentialProxy
internal import HTTPAPI
internal import HTTPTypes
internal import VaultCore
internal import VaultModel

/// The proxy as a part of the HTTP surface.
struct ProxySurface: Forwarding {
    let broker: Broker

    func takes(_ path: String) -> Bool { proxyTakes(path) }

    func forward(_ request: ForwardedRequest) async throws -> any ForwardedAnswer {
        let answer: ProxyAnswer
        do {
            answer = try await broker.forward(
                ProxyRequest(
                    method: request.method,
                    path: request.path,
                    fields: request.fields,
                    peer: request.peer,
                    body: request.body,
                    executor: request.executor
                )
            )
        } catch {
            if case .vault(let error) = error { throw error }
            guard let body = error.body else { throw error }
            throw ForwardingRefusal(body)
        }
        return ProxiedAnswer(answer: answer)
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
    var contentLength: Int? { answer.contentLength }

    func next() async throws -> ForwardedPart { ForwardedPart(try await answer.next()) }

    func nextNow() throws -> ForwardedPart? { try answer.nextNow().map(ForwardedPart.init) }

    func carry(_ bytes: ForwardedBody, on executor: any TaskExecutor) { answer.carry(bytes, on: executor) }

    func cancel() { answer.cancel() }

    func abandon() async { await answer.abandon() }
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
