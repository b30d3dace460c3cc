// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import CoreMetrics
internal import Foundation
internal import HTTPTypes
package import Hummingbird
internal import Logging
internal import ServiceLifecycle
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
    private let metrics: MetricsRegistry
    private let forwarding: (any Forwarding)?

    /// Requests that `forwarding` takes never come to a route.
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
        self.metrics = metrics
        self.namesMethods = namesMethods
        // Literals win over places: `/secrets/import` is not the secret named `import`.
        self.routes = routes.sorted { left, right in
            left.segments.count { $0 == .place } < right.segments.count { $0 == .place }
        }
        self.logger = logger
    }

    package func respond(to request: Request, context: APIContext) async throws -> Response {
        var context = context
        context.requestID = Self.requestID(of: request)
        let start = ContinuousClock.now
        var template = "-"
        var response: Response
        var isOwn = true
        do {
            if let limits {
                context.peer = limits.source(of: request, peer: context.peer)
                try limits.charge(context.peer)
            }
            if let forwarding, forwarding.takes(request.uri.string) {
                template = "(proxy)"
                if Task.isShuttingDownGracefully { throw Self.shuttingDown }
                response = try await Vault.$requestID.withValue(context.requestID) {
                    try await forwarded(request, by: forwarding, context: context)
                }
                isOwn = false
            } else {
                response = try await answer(request, context: context, template: &template)
            }
        } catch let failure as APIFailure {
            response = Self.response(to: failure)
        } catch let error as VaultError {
            let body = error.body
            if body.status >= 500 {
                // No case of it holds a value or a token.
                logger.error(
                    "request failed",
                    metadata: ["request": "\(context.requestID)", "route": "\(template)", "error": "\(error)"]
                )
            }
            response = Self.response(to: APIFailure(body))
            if case .integrity(.some(let entry)) = error { response.headers[.attacheEntry] = entry }
            if case .rateLimited(let seconds) = error { response.headers[.retryAfter] = String(max(seconds, 1)) }
        } catch {
            // The type only: the text of a foreign error may quote what it was working on.
            logger.error(
                "request failed",
                metadata: ["request": "\(context.requestID)", "route": "\(template)", "error": "\(type(of: error))"]
            )
            response = Self.response(to: APIFailure(.internalError, "the request could not be handled"))
        }
        // What a target answers says nothing of who asked.
        if isOwn, response.status == .unauthorized { limits?.refused(context.peer) }
        // What a target said of its answer stays as it is.
        if isOwn {
            response.headers[.cacheControl] = "no-store"
            response.headers[.xContentTypeOptions] = "nosniff"
        }
        response.headers[.requestID] = context.requestID
        measure(request, template: template, status: response.status.code, since: start)
        logger.debug(
            "request",
            metadata: [
                "request": "\(context.requestID)", "method": "\(request.method.rawValue)", "route": "\(template)",
                "status": "\(response.status.code)", "duration": "\(ContinuousClock.now - start)",
            ]
        )
        return response
    }

    /// By the route, never by the path: what a client makes up is no label.
    private func measure(_ request: Request, template: String, status: Int, since start: ContinuousClock.Instant) {
        let method = template == "-" ? "-" : request.method.rawValue
        let route = [("method", method), ("route", template)]
        Counter(label: "attache_requests_total", dimensions: route + [("status", "\(status)")], factory: metrics)
            .increment()
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        Timer(label: "attache_request_seconds", dimensions: route, factory: metrics)
            .recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }

    private func answer(
        _ request: Request,
        context: APIContext,
        template: inout String
    ) async throws -> Response {
        if Task.isShuttingDownGracefully {
            throw Self.shuttingDown
        }
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

    private static var shuttingDown: APIFailure {
        APIFailure(.shuttingDown, "the server is stopping", hint: "try again in a moment")
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

    private static func response(to failure: APIFailure) -> Response {
        var headers = failure.headers
        headers[.attacheError] = failure.body.code.rawValue
        switch failure.body.status {
        case 401: headers[.wwwAuthenticate] = "Bearer"
        case 503: headers[.retryAfter] = "1"
        default: break
        }
        let status = HTTPResponse.Status(code: failure.body.status)
        // The vault's own types always encode.
        return (try? .json(failure.body, status: status, headers: headers))
            ?? Response(status: status, headers: headers)
    }

    /// The client's own id when it is a plain one, otherwise a new one.
    private static func requestID(of request: Request) -> String {
        if let given = request.headers[.requestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            })
        {
            return given
        }
        return newRequestID()
    }

    static func newRequestID() -> String {
        String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt32.random(in: .min ... .max), radix: 36)
    }
}
