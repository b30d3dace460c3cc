// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import Logging
internal import NIOCore
internal import VaultCore

/// Finds the route of a request and turns every outcome into an answer.
///
/// Works on the path as it was sent: nothing is normalized into another route. A path with empty, `.` or `..` segments,
/// encoded or not, has no route.
package struct Dispatcher: HTTPResponder {
    package let routes: [Route]
    /// Whether a wrong method is told the right ones; otherwise it is as if the path did not exist.
    private let namesMethods: Bool
    /// Of requests that come over the network; nil where they do not.
    private let limits: RequestLimits?
    private let logger: Logger
    private let meters: RequestMeters
    let forwarding: (any Forwarding)?

    /// Requests that `forwarding` takes never come here: ``RequestSequence`` has them answered.
    init(
        routes: [Route],
        namesMethods: Bool = true,
        limits: RequestLimits? = nil,
        logger: Logger,
        metrics: MetricsRegistry,
        forwarding: (any Forwarding)? = nil
    ) {
        self.limits = limits
        self.forwarding = forwarding
        meters = RequestMeters(metrics)
        self.namesMethods = namesMethods
        // Literals win over places: `/secrets/import` is not the secret named `import`.
        self.routes = routes.sorted { left, right in
            left.segments.count { $0 == .place } < right.segments.count { $0 == .place }
        }
        self.logger = logger
    }

    package func respond(to request: Request, context: APIContext) async throws -> Response {
        await respond(to: request, context: context, refusing: nil)
    }

    /// Answers `refusal` in the place of what a route would, where there is one.
    func respond(to request: Request, context: APIContext, refusing refusal: APIFailure?) async -> Response {
        var context = context
        var passage = Passage(method: request.method.rawValue, fields: request.headers, peer: context.peer)
        context.requestID = passage.requestID
        var response: Response
        do {
            try admit(&passage, request.headers)
            context.peer = passage.peer
            if let refusal { throw refusal }
            response = try await answer(request, context: context, template: &passage.template)
        } catch {
            let own = ownAnswer(to: error, passage)
            response = Response(status: own.status, headers: own.fields, body: ResponseBody(byteBuffer: own.body))
        }
        // The handlers' own answers, too.
        if response.status == .unauthorized { limits?.refused(context.peer) }
        response.headers.setOwn(passage)
        finish(passage, status: response.status)
        // It has the length of a body that does not follow (RFC 9110 §9.3.2): what followed would be taken for the next
        // answer.
        return request.method == .head ? response.createHeadResponse() : response
    }

    /// Counts a request against what its source may send.
    func admit(_ passage: inout Passage, _ fields: HTTPFields) throws {
        guard let limits else { return }
        passage.peer = limits.source(of: fields, peer: passage.peer)
        try limits.charge(passage.peer)
    }

    /// The one place where whatever is thrown becomes an answer, and a line of the log where it is a failure.
    func ownAnswer(to error: any Error, _ passage: Passage) -> OwnAnswer {
        switch error {
        case let failure as APIFailure: return OwnAnswer(failure)
        case let error as VaultError:
            let body = error.body
            // No case of it holds a value or a token.
            if body.status >= 500 { logFailure("\(error)", passage) }
            var failure = APIFailure(body)
            if case .integrity(.some(let entry)) = error { failure.headers[.attacheEntry] = entry }
            switch error {
            case .rateLimited(let seconds), .quotaReached(_, let seconds):
                failure.headers[.retryAfter] = String(max(seconds, 1))
            default: break
            }
            return OwnAnswer(failure)
        case ChannelError.eof:
            return OwnAnswer(APIFailure(.invalidRequest, "the request ended before its body was whole"))
        default:
            // The type only: the text of a foreign error may quote what it was working on.
            logFailure("\(type(of: error))", passage)
            return OwnAnswer(APIFailure(.internalError, "the request could not be handled"))
        }
    }

    private func logFailure(_ error: String, _ passage: Passage) {
        logger.error(
            "request failed",
            metadata: ["request": "\(passage.requestID)", "route": "\(passage.template)", "error": "\(error)"]
        )
    }

    /// Counts an answer of the server's own that refuses its caller.
    func refused(_ passage: Passage) { limits?.refused(passage.peer) }

    /// Measures and logs a request whose answer has begun.
    func finish(_ passage: Passage, status: HTTPResponse.Status) {
        let duration = ContinuousClock.now - passage.start
        meters.record(passage.method, passage.template, status.code, duration)
        logger.debug(
            "request",
            metadata: [
                "request": "\(passage.requestID)", "method": "\(passage.method)", "route": "\(passage.template)",
                "status": "\(status.code)", "duration": "\(duration)",
            ]
        )
    }

    private func answer(
        _ request: Request,
        context: APIContext,
        template: inout String
    ) async throws -> Response {
        guard let path = Self.segments(of: request.uri.path) else { throw Self.noRoute }
        var allowed: [String] = []
        for route in routes {
            guard let raw = route.match(path) else { continue }
            guard route.method == request.method else {
                allowed.append(route.method.rawValue)
                continue
            }
            template = route.template
            let places = try raw.map { try Self.decoded($0) }
            let reader = RequestReader(request: request, context: context, places: places)
            return try await Vault.$requestID.withValue(context.requestID) { try await route.handle(reader) }
        }
        guard namesMethods, !allowed.isEmpty else { throw Self.noRoute }
        throw APIFailure(
            ErrorBody(.methodNotAllowed, "this path takes \(allowed.sorted().joined(separator: ", "))"),
            headers: [.allow: allowed.sorted().joined(separator: ", ")]
        )
    }

    private static let noRoute = APIFailure(.notFound, "no such path", hint: "see /openapi.json")

    /// The segments of a path; nil for a path that no route can have.
    private static func segments(of path: String) -> [Substring]? {
        guard path.hasPrefix("/"), path.utf8.count <= 2_048 else { return nil }
        let segments = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for segment in segments {
            if segment.isEmpty || segment == "." || segment == ".." { return nil }
            guard segment.utf8.contains(UInt8(ascii: "%")) else { continue }
            let text = segment.lowercased().replacing("%2e", with: ".")
            if text == "." || text == ".." { return nil }
        }
        return segments
    }

    private static func decoded(_ segment: Substring) throws -> String {
        // An encoded `/` is a part of the name: the route was found before anything was decoded.
        guard let text = segment.removingPercentEncoding, !text.utf8.contains(0) else {
            throw noRoute
        }
        return text
    }
}
