// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import VaultCore
internal import VaultModel

/// One request, read strictly: what a route does not know is refused.
struct RequestReader {
    let request: Request
    let context: APIContext
    /// The decoded values of the template's places, in their order.
    let places: [String]

    /// The query's values; throws for a name that is not in `names`, or one that is given twice.
    func query(_ names: Set<String>, repeatable: Set<String> = []) throws -> QueryValues {
        var values: [String: [String]] = [:]
        for pair in (request.uri.query ?? "").split(separator: "&", omittingEmptySubsequences: true) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(parts[0]), names.contains(name) || repeatable.contains(name) else {
                throw APIFailure(
                    .invalidQuery,
                    "unknown query parameter",
                    hint: "the parameters are \(names.union(repeatable).sorted().joined(separator: ", "))"
                )
            }
            guard parts.count == 2, let value = decode(parts[1]) else {
                throw APIFailure(.invalidQuery, "the query parameter has no readable value", field: name)
            }
            guard values[name] == nil || repeatable.contains(name) else {
                throw APIFailure(.invalidQuery, "the query parameter is given twice", field: name)
            }
            values[name, default: []].append(value)
        }
        return QueryValues(values: values)
    }

    /// Refuses any query.
    func noQuery() throws { _ = try query([]) }

    private func decode(_ text: Substring) -> String? {
        text.replacing("+", with: " ").removingPercentEncoding
    }

    /// The body as bytes; 413 beyond `limit`.
    func bytes(upTo limit: Int) async throws -> [UInt8] {
        [UInt8](try await buffer(upTo: limit).readableBytesView)
    }

    /// The body as it was received, without a copy; 413 beyond `limit`.
    func buffer(upTo limit: Int) async throws -> ByteBuffer {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > limit {
            throw APIFailure(.bodyTooLarge, "the body is larger than \(limit) bytes")
        }
        do {
            return try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIFailure(.bodyTooLarge, "the body is larger than \(limit) bytes")
        }
    }

    /// The JSON body, with the bytes that stand for the request should it be repeated.
    func json<Body: APITypes.RequestBody>(_ type: Body.Type) async throws -> (body: Body, bytes: [UInt8]) {
        let bytes = try await jsonBytes()
        return (try StrictJSON.decode(bytes, as: type), bytes)
    }

    /// The JSON body, or `fallback` when there is none.
    func json<Body: APITypes.RequestBody>(_ type: Body.Type, or fallback: Body) async throws -> (
        body: Body, bytes: [UInt8]
    ) {
        let bytes = try await bytes(upTo: StrictJSON.maximumBytes)
        if bytes.isEmpty { return (fallback, bytes) }
        try requireJSON()
        return (try StrictJSON.decode(bytes, as: type), bytes)
    }

    private func jsonBytes() async throws -> [UInt8] {
        try requireJSON()
        return try await bytes(upTo: StrictJSON.maximumBytes)
    }

    private func requireJSON() throws {
        let type = request.headers[.contentType]?.split(separator: ";").first?.lowercased()
        guard type == "application/json" else {
            throw APIFailure(
                .unsupportedMediaType,
                "the body must be JSON",
                hint: "send Content-Type: application/json"
            )
        }
    }

    /// The request's `Idempotency-Key` with what it stands for; nil when none was sent.
    ///
    /// `files` are parts of the body that may be large; `body` is the rest.
    func once(_ body: [UInt8], files: [SharedSecret] = []) throws -> Once? {
        guard let key = request.headers[.idempotencyKey] else { return nil }
        guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw APIFailure(
                .invalidField,
                "the key has 1 to 255 visible ASCII characters",
                field: "Idempotency-Key"
            )
        }
        let head = "\(request.method.rawValue) \(request.uri.string)\n"
        return Once(key: key, request: Array(head.utf8) + body, files: files)
    }

    /// Runs what may wait long: the wait ends when the peer goes away and when the server stops.
    func waiting<Answer>(_ body: (ChangeWait) async throws -> Answer) async throws -> Answer {
        let wait = ChangeWait()
        let departure = try? await context.channel.pipeline.handler(type: DepartureOfPeer.self).get()
        departure?.ends(wait)
        defer { departure?.ends(nil) }
        return try await body(wait)
    }

    /// The version that `If-Match` names (RFC 9110 §13.1.1), as this API writes it: a number in quotes.
    func ifMatch() throws -> Int64? {
        guard let text = request.headers[.ifMatch], text != "*" else { return nil }
        guard text.hasPrefix("\""), text.hasSuffix("\""), let version = Int64(text.dropFirst().dropLast()) else {
            throw APIFailure(.invalidField, "a version is written like \"3\", with the quotes", field: "If-Match")
        }
        return version
    }
}

/// The values of a query, each name once unless it may be repeated.
struct QueryValues {
    let values: [String: [String]]

    func text(_ name: String) -> String? { values[name]?.first }

    func all(_ name: String) -> [String] { values[name] ?? [] }

    func flag(_ name: String) throws -> Bool {
        switch text(name) {
        case nil, "false": return false
        case "true": return true
        default: throw APIFailure(.invalidQuery, "true or false", field: name)
        }
    }

    func seconds(_ name: String, _ range: ClosedRange<Int>) throws -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw APIFailure(
                .invalidQuery,
                "seconds from \(range.lowerBound) to \(range.upperBound)",
                field: name
            )
        }
        return number
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ name: String, as: Choice.Type) throws -> Choice? {
        guard let text = text(name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIFailure(.invalidQuery, "one of \(choices)", field: name)
        }
        return choice
    }

    func page() throws -> PageRequest {
        var limit = PageRequest.defaultLimit
        if let text = text("limit") {
            guard let number = Int(text), (1...PageRequest.maximumLimit).contains(number) else {
                throw APIFailure(.invalidQuery, "a number from 1 to \(PageRequest.maximumLimit)", field: "limit")
            }
            limit = number
        }
        if let text = text("q"), text.utf8.count > 128 || text.utf8.contains(0) {
            throw APIFailure(.invalidQuery, "at most 128 bytes and no NUL", field: "q")
        }
        return PageRequest(limit: limit, cursor: text("cursor"), matching: text("q"))
    }
}

extension HTTPField.Name {
    // The names are literals of token characters, which is all that the initializer checks.
    static let idempotencyKey = HTTPField.Name("Idempotency-Key") ?? .ifMatch
    static let requestID = HTTPField.Name("X-Request-Id") ?? .ifMatch
    static let forwardedFor = HTTPField.Name("X-Forwarded-For") ?? .ifMatch
    static let attacheWorkspace = HTTPField.Name("Attache-Workspace") ?? .ifMatch
    static let attacheEntry = HTTPField.Name("Attache-Entry") ?? .ifMatch
    static let attacheError = HTTPField.Name("Attache-Error") ?? .ifMatch
    static let attacheInstance = HTTPField.Name("Attache-Instance") ?? .ifMatch
    static let attacheStart = HTTPField.Name("Attache-Start") ?? .ifMatch
    static let attacheForward = HTTPField.Name("Attache-Forward") ?? .ifMatch
    static let attacheSession = HTTPField.Name("Attache-Session") ?? .ifMatch
    static let attacheSupervised = HTTPField.Name("Attache-Supervised") ?? .ifMatch
    static let attacheChange = HTTPField.Name("Attache-Change") ?? .ifMatch
    static let attacheChangedNames = HTTPField.Name("Attache-Changed-Names") ?? .ifMatch
    static let attacheEnvironment = HTTPField.Name("Attache-Environment") ?? .ifMatch
    static let attacheReceipt = HTTPField.Name("Attache-Receipt") ?? .ifMatch
    static let attacheReadableNames = HTTPField.Name("Attache-Readable-Names") ?? .ifMatch
    static let attacheAllowedNames = HTTPField.Name("Attache-Allowed-Names") ?? .ifMatch
}
