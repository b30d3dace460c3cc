// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Testing

/// What a connection goes through, request after request.
struct ConnectionTests {
    @Test func oneConnectionCarriesSeveralRequests() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let one = "GET /healthz HTTP/1.1\r\nHost: attache\r\n\r\n"
            let last = "GET /readyz HTTP/1.1\r\nHost: attache\r\nConnection: close\r\n\r\n"
            let answer = try await exchange(one + one + last, at: path)
            #expect(answer.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 4)
        }
    }

    @Test func aRefusedBodyIsNotTakenForTheNextRequest() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let smuggled = "GET /healthz HTTP/1.1\r\nHost: attache\r\n\r\n"
            let request = """
                POST /api/v1/nothing HTTP/1.1\r\nHost: attache\r\nContent-Length: \(smuggled.utf8.count)\r\n\
                Connection: close\r\n\r\n\(smuggled)
                """
            let answer = try await exchange(request, at: path)
            #expect(answer.hasPrefix("HTTP/1.1 404 "))
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    }

    @Test(arguments: [
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nBad Header: x\r\n\r\n", "NONSENSE\r\n\r\n",
    ])
    func whatIsNoHTTPIsRefusedAndTheConnectionEnds(request: String) async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let answer = try await exchange(request, at: path)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("\"code\":\"invalid_request\""))
            #expect(answer.lowercased().contains("attache-error: invalid_request\r\n"))
        }
    }

    @Test func aHeaderBeyondTheLimitIsRefused() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let field = "X-Large: \(String(repeating: "x", count: 20 << 10))\r\n"
            let answer = try await exchange("GET /healthz HTTP/1.1\r\nHost: a\r\n\(field)\r\n", at: path)
            #expect(answer.hasPrefix("HTTP/1.1 431 "))
            #expect(answer.contains("\"code\":\"headers_too_large\""))
        }
    }
}
