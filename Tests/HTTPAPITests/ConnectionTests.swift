// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPAPI
import TestSupport
import Testing
import VaultCore

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

    @Test func aConnectionOfHTTP10EndsWithItsAnswerUnlessTheClientKeepsIt() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let kept = "GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
            let last = "GET /healthz HTTP/1.0\r\n\r\n"
            let answer = try await exchange(kept + last + kept, at: path)
            let answers = answer.lowercased().components(separatedBy: "http/1.1 200 ok\r\n").dropFirst()
            #expect(answers.map { $0.contains("connection: close\r\n") } == [false, true])
        }
    }

    @Test func aClientIsToldToSendItsBodyAfterTheAnswersBefore() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let first = "GET /healthz HTTP/1.1\r\nHost: attache\r\n\r\n"
            let second = """
                POST /api/v1/nothing HTTP/1.1\r\nHost: attache\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\
                Connection: close\r\n\r\n{}
                """
            let answer = try await exchange(first + second, at: path)
            let statuses = answer.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
            #expect(statuses == ["200", "100", "404"])
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

    @Test(
        arguments: [
            "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nBad Header: x\r\n\r\n", "NONSENSE\r\n\r\n",
            "GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nhOST: a\r\n\r\n",
            "GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
            "GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\nGET /healthz "
                + "HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: \r\n\r\n0\r\n\r\n",
        ],
        [Listener.operatorSocket, .agentSocket]
    )
    func whatIsNoHTTPIsRefusedAndTheConnectionEnds(request: String, listener: Listener) async throws {
        try await withServedSocket(listener) { _, path async throws in
            let answer = try await exchange(request, at: path)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("\"code\":\"invalid_request\""))
            #expect(answer.lowercased().contains("attache-error: invalid_request\r\n"))
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    }

    @Test(arguments: [
        "GET /healthz HTTP/1.0\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding:  Chunked \r\n\r\n0\r\n\r\n",
    ])
    func whatIsReadInOneWayOnlyIsAnswered(request: String) async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            #expect(try await exchange(request, at: path).hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test(arguments: [Listener.operatorSocket, .agentSocket])
    func aHeaderBeyondTheLimitIsRefused(listener: Listener) async throws {
        try await withServedSocket(listener) { _, path async throws in
            let field = "X-Large: \(String(repeating: "x", count: 20 << 10))\r\n"
            let answer = try await exchange("GET /healthz HTTP/1.1\r\nHost: a\r\n\(field)\r\n", at: path)
            #expect(answer.hasPrefix("HTTP/1.1 431 "))
            #expect(answer.contains("\"code\":\"headers_too_large\""))
        }
    }

    @Test(arguments: [Listener.operatorSocket, .agentSocket])
    func anAnswerToHEADHasNoBodyThatCouldBeTakenForTheNextAnswer(listener: Listener) async throws {
        try await withServedSocket(listener) { _, path async throws in
            let first = "HEAD /api/v1/nothing HTTP/1.1\r\nHost: a\r\n\r\n"
            let last = "HEAD /api/v1/nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            let answer = try await exchange(first + last, at: path)
            let heads = answer.components(separatedBy: "\r\n\r\n")
            try #require(heads.count == 3)
            #expect(heads[2].isEmpty)
            for head in heads.dropLast() {
                #expect(head.hasPrefix("HTTP/1.1 404 "))
                #expect(head.contains(/(?i)\r\ncontent-length: [1-9]/))
            }
        }
    }

    @Test func aBodyThatComesInPiecesIsOneBody() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let body = #"{"name":"A","kind":"secret","value":"1"}"#
            let head =
                "POST /api/v1/secrets HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
            let half = body.prefix(9)
            let answer = try await exchange(
                "\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(half)",
                at: path,
                later: String(body.dropFirst(9))
            )
            #expect(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
        }
    }

    @Test func aBodyThatBreaksOffIsNoRequest() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let head = "POST /api/v1/secrets HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            let answer = try await exchange(
                "\(head)Transfer-Encoding: chunked\r\n\r\n4\r\n{\"na\r\n",
                at: path,
                later: "nonsense"
            )
            #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
            #expect(answer.contains("\"code\":\"invalid_request\""))
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    }

    @Test func anAnswerReachesAClientThatIsStillSending() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let head =
                "POST /api/v1/secrets HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 100000000\r\n\r\n"
            let rest = String(repeating: "x", count: 8 << 20)
            let answer = try await exchange(head, at: path, later: rest)
            #expect(answer.hasPrefix("HTTP/1.1 415 "), "\(answer)")
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
        }
    }

    /// Whether the end of what is sent is read with the request or after it.
    @Test(arguments: [Listener.operatorSocket, .agentSocket], ["", "Connection: close\r\n"])
    func anAnswerThatTakesNoTimeFollowsAPeerThatSendsNoMore(listener: Listener, field: String) async throws {
        try await withServedSocket(listener) { _, path async throws in
            let request = "GET /nothing HTTP/1.1\r\nHost: a\r\n\(field)\r\n"
            for _ in 0..<100 {
                let answer = try await exchange(request, at: path, sendsNoMore: true)
                #expect(answer.hasPrefix("HTTP/1.1 404 ") && answer.hasSuffix("}"))
                #expect(answer.lowercased().contains("connection: close") == !field.isEmpty)
            }
        }
    }

    // MARK: - Starts

    @Test(
        arguments: [
            ("Connection: close\r\n\r\n", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"), ("\r\n", "NONSENSE\r\n\r\n"),
            ("\r\n", "GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
            ("\r\n", "POST /api/v1/starts HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf"),
        ],
        [Listener.operatorSocket, .agentSocket]
    )
    func whatCannotBeReadTakesNoAnswerFromTheRequestBeforeIt(
        _ bytes: (end: String, rest: String),
        listener: Listener
    ) async throws {
        try await withServedSocket(listener) { test, path async throws in
            let (end, rest) = bytes
            try await test.create("A", "the value")
            let token = try #require(try await test.createAgent("bot", with: ["A"]).gatewayToken)
            let request = "\(Self.request)Attache-Start: one-start\r\nAuthorization: Bearer \(token)\r\n\(end)"
            let answer = try await exchange(request + rest, at: path, sendsNoMore: true)
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            #expect(answer.hasSuffix("\r\n\r\nA=the value\0"))
        }
    }

    @Test func aBodyThatIsTooLongIsRefusedAndNotActedUponWhateverIsAsked() async throws {
        try await withServedSocket(.agentSocket) { test, path async throws in
            let agent = try await test.createAgent("bot")
            try await test.start(agent)
            func instance() async throws -> InstanceBody? {
                try await test.vault.instances(of: "bot", PageRequest(), by: test.localOperator).instances.first
            }
            let started = try #require(try await instance())
            let request = """
                DELETE /api/v1/starts/\(started.id) HTTP/1.1\r\nHost: a\r\n\
                Authorization: Bearer \(agent.gatewayToken ?? "")\r\nContent-Length: 3000\r\n\r\n\
                \(String(repeating: "x", count: 3_000))
                """
            let answer = try await exchange(request, at: path)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(try await instance()?.endedAt == nil)
        }
    }

    private static let request = "POST /api/v1/starts HTTP/1.1\r\nHost: a\r\nAttache-Instance: one\r\n"

    @Test(arguments: [Listener.operatorSocket, .agentSocket])
    func requestsOfOneConnectionAreAnsweredInTheirOrder(listener: Listener) async throws {
        try await withServedSocket(listener) { _, path async throws in
            let requests = ["one-start", "two-start", "three-start"].map { id in
                "\(Self.request)Attache-Start: \(id)\r\nX-Request-Id: \(id)\r\nContent-Length: 2\r\n\r\n{}"
            }
            let last = "DELETE /api/v1/starts/x HTTP/1.1\r\nHost: a\r\nX-Request-Id: last\r\nConnection: close\r\n\r\n"
            let answer = try await exchange(requests.joined() + last, at: path).lowercased()
            let ids = answer.components(separatedBy: "x-request-id: ").dropFirst().map { $0.prefix { $0 != "\r\n" } }
            #expect(ids == ["one-start", "two-start", "three-start", "last"])
            #expect(answer.components(separatedBy: "http/1.1 401 ").count == 5)
        }
    }

    @Test(arguments: [Listener.operatorSocket, .agentSocket])
    func anAnswerFollowsAPeerThatSendsNoMore(listener: Listener) async throws {
        try await withServedSocket(listener) { test, path async throws in
            try await test.create("A", "1")
            let agent = try await test.createAgent("bot", with: ["A"])
            let token = "Authorization: Bearer \(agent.gatewayToken ?? "")\r\n"
            let bytes = "\(Self.request)Attache-Start: abcdefgh\r\n\(token)\r\n"
            let answer = try await exchange(bytes, at: path, sendsNoMore: true)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.hasSuffix("\r\n\r\nA=1\0"))
            #expect(answer.lowercased().contains("\r\ndate: "))
        }
    }

    @Test(arguments: [
        "Content-Length: 100000\r\n\r\n", "Content-Length: 3000\r\n\r\n\(String(repeating: "x", count: 3_000))",
        "Transfer-Encoding: chunked\r\n\r\nBB8\r\n\(String(repeating: "x", count: 3_000))\r\n",
    ])
    func aBodyBeyondTheLimitIsRefusedBeforeItIsWhole(rest: String) async throws {
        try await withServedSocket(.agentSocket) { _, path async throws in
            let answer = try await exchange("\(Self.request)Attache-Start: abcdefgh\r\n\(rest)", at: path)
            #expect(answer.hasPrefix("HTTP/1.1 413 "))
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
            #expect(answer.components(separatedBy: "HTTP/1.1 ").count == 2)
        }
    }

    @Test(arguments: [Listener.operatorSocket, .agentSocket])
    func anAnswerLargerThanTheSocketTakesIsWhole(listener: Listener) async throws {
        try await withServedSocket(listener) { test, path async throws in
            let names = (0..<10).map { "LARGE_\($0)" }
            for name in names { try await test.create(name, String(repeating: "x", count: 120_000)) }
            let agent = try await test.createAgent("bot", with: names)
            let token = "Authorization: Bearer \(agent.gatewayToken ?? "")\r\n"
            let bytes = "\(Self.request)Attache-Start: abcdefgh\r\nConnection: close\r\n\(token)\r\n"
            let answer = try await exchange(bytes, at: path)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.utf8.count > 1_200_000)
            #expect(answer.hasSuffix("x\0"))
        }
    }
}
