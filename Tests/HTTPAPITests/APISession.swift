// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPAPI
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import TestSupport
import Testing
import VaultCore

/// A vault of one test's own behind the surface of one listener.
///
/// Whatever is sent, the answer is held to what holds for every answer: the headers, the form of an error, and that the
/// description of the API knows of it.
struct APISession: Sendable {
    let listener: Listener
    let test: TestVault
    let client: any TestClientProtocol

    /// Runs `body` against the surface of `listener`, without a socket.
    static func run(
        _ listener: Listener = .tcp,
        limits: LimitSettings = LimitSettings(),
        _ body: @escaping @Sendable (APISession) async throws -> Void
    ) async throws {
        let test = try await TestVault.make()
        let surface = HTTPSurface(
            vault: test.vault,
            backups: test.backups,
            limits: limits,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let application = Application(responder: surface.dispatcher(for: listener))
        try await application.test(.router) { try await body(APISession(listener: listener, test: test, client: $0)) }
    }

    /// Sends a request as the holder of the first workspace key, unless told otherwise.
    @discardableResult
    func send(
        _ method: HTTPRequest.Method,
        _ uri: String,
        json: String? = nil,
        bytes: [UInt8]? = nil,
        type: String? = nil,
        headers: [String: String] = [:],
        as token: Bearer = .workspaceKey
    ) async throws -> APIAnswer {
        var fields = HTTPFields()
        for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
        switch token {
        case .workspaceKey: fields[.authorization] = "Bearer \(test.workspaceKey)"
        case .token(let text): fields[.authorization] = "Bearer \(text)"
        case .nobody: break
        }
        if json != nil { fields[.contentType] = "application/json" }
        if let type { fields[.contentType] = type }
        let body = bytes ?? json.map { Array($0.utf8) }
        let response = try await client.execute(
            uri: uri,
            method: method,
            headers: fields,
            body: body.map { ByteBuffer(bytes: $0) }
        )
        let answer = APIAnswer(response)
        try answer.checkPromises(of: Endpoint.serving(method.rawValue, uri, on: listener))
        return answer
    }

    /// Makes an entry and returns it.
    func create(_ name: String, _ value: String = "sk-live-0123456789abcdefghij") async throws -> SecretBody {
        try await test.create(name, value)
    }
}

/// Which token a request carries.
enum Bearer: Sendable {
    case workspaceKey
    case token(String)
    case nobody
}

/// What came back.
struct APIAnswer: Sendable {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    init(_ response: TestResponse) {
        status = response.status.code
        headers = response.headers
        bytes = Array(response.body.readableBytesView)
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { headers[$0] } }

    func body<Body: Decodable>(_ type: Body.Type = Body.self) throws -> Body {
        try JSONDecoder().decode(Body.self, from: Data(bytes))
    }

    /// The code of an error; nil for a success.
    var code: ErrorCode? { status < 300 ? nil : (try? body(ErrorBody.self))?.code }

    func checkPromises(of endpoint: Endpoint?) throws {
        #expect(header("Cache-Control") == "no-store")
        #expect(header("X-Content-Type-Options") == "nosniff")
        #expect(header("X-Request-Id")?.isEmpty == false)
        guard status >= 300 else {
            let successes = endpoint.map { [$0.answer.status, $0.answer.otherStatus] }
            #expect(successes?.contains(status) == true, "the description knows no success of status \(status)")
            return
        }
        let error = try body(ErrorBody.self)
        #expect(header("Content-Type") == "application/json")
        #expect(error.status == status)
        #expect(error.code.status == status)
        #expect(header("Attache-Error") == error.code.rawValue)
        #expect(!error.error.isEmpty)
        if let endpoint { #expect(endpoint.errors.contains(error.code), "undocumented: \(error.code)") }
        if status == 401 { #expect(header("WWW-Authenticate") == "Bearer") }
        if status == 405 { #expect(header("Allow")?.isEmpty == false) }
        if status == 503 { #expect(header("Retry-After").flatMap { Int($0) } != nil) }
    }
}

extension Endpoint {
    /// The endpoint that `method` and `uri` are meant for, by its literal segments first.
    static func serving(_ method: String, _ uri: String, on listener: Listener) -> Endpoint? {
        let path = uri.prefix { $0 != "?" }
        let texts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        return all.filter { endpoint in
            endpoint.listeners.contains(listener) && endpoint.method.rawValue == method
                && endpoint.segments.count == texts.count
                && zip(endpoint.segments, texts).allSatisfy { segment, text in
                    switch segment {
                    case .literal(let literal): literal == text
                    case .parameter: !text.isEmpty && text != "." && text != ".."
                    }
                }
        }.max { $0.literals < $1.literals }
    }

    private var literals: Int {
        segments.count { segment in
            guard case .literal = segment else { return false }
            return true
        }
    }
}
