// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `--forward PORT`: the proxy of the agents' socket, on a port of loopback.
struct ForwardTests {
    private struct Forwarded {
        let scene: Scene
        let port: UInt16
        let child: Child

        /// A supervised command, and a server that gives it `A=1` and answers what is forwarded with `reply`.
        init(_ reply: ScriptedServer.Reply, listens: Bool = true) throws {
            scene = try Scene(supervised: [["A=1"]]) { _ in reply }
            port = try LoopbackPort.free()
            child = try scene.start(
                ["--supervise", "--forward=\(port)", "--", try Probe.path(), "serve"].map { [UInt8]($0) }
            )
            try #require(child.waitForOutput("start 1"))
        }

        func curl(_ arguments: String..., path: String = "/v1/via/OpenAI/models") throws -> Child {
            let all = ["curl", "-sS", "-i", "--max-time", "60"] + arguments + ["http://127.0.0.1:\(port)\(path)"]
            return try Child("/usr/bin/curl", arguments: all.map { [UInt8]($0) }, environment: [])
        }

        var forwarded: [ScriptedServer.Request] {
            scene.server.requests.filter { !$0.head.contains(" /api/v1/starts") }
        }

        func end() throws {
            kill(child.pid, SIGTERM)
            #expect(try child.outcome().ending == .exit(0))
        }
    }

    private static let answer = ScriptedServer.Reply.bytes(
        [UInt8]("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Custom: kept\r\n\r\nok")
    )

    @Test func aRequestReachesTheProxyAsItWasSentAndTheServerKnowsThePort() throws {
        let forwarded = try Forwarded(Self.answer)
        let outcome = try forwarded.curl(
            "-H",
            "Authorization: Bearer pxr_token",
            "-H",
            "Connection: keep-alive, X-Hop",
            "-H",
            "X-Hop: 1",
            "-d",
            "body",
            path: "/v1/via/OpenAI/models?a=b%20c"
        ).outcome()
        #expect(outcome.text == "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\nX-Custom: kept\r\n\r\nok")
        let request = try #require(forwarded.forwarded.first)
        #expect(
            request.head.hasPrefix("POST /v1/via/OpenAI/models?a=b%20c HTTP/1.1\r\nConnection: close\r\nHost: 127.")
        )
        #expect(request.field("Authorization") == "Bearer pxr_token")
        #expect(request.head.hasSuffix("\r\n\r\nbody"))
        #expect(!request.head.contains("keep-alive") && !request.head.contains("X-Hop"))
        let start = try #require(forwarded.scene.server.requests.first)
        #expect(start.field("Attache-Forward") == "\(forwarded.port)")
        try forwarded.end()
    }

    @Test func bodiesFlowBothWaysInMemoryThatDoesNotGrow() throws {
        let forwarded = try Forwarded(.echo)
        let directory = try TemporaryDirectory()
        let content = Data((0..<(24 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 12) })
        let body = try directory.write(content, to: "body")
        let head = Data("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".utf8)
        let back = directory.path + "/back"
        let begun = try forwarded.curl("-N", "-H", "Expect:", "-T", body, "-o", back)
        // Sent whole and not ended: curl says the length, and the echo of it ends when the client goes.
        let deadline = ContinuousClock.now + .seconds(40)
        var size = 0
        while size < head.count + content.count, ContinuousClock.now < deadline {
            size = (try? FileManager.default.attributesOfItem(atPath: back)[.size] as? Int) ?? 0
            sched_yield()
        }
        let forwarder = try #require(forwarded.forwarded.first?.peer)
        let status = try String(contentsOfFile: "/proc/\(forwarder)/status", encoding: .utf8)
        kill(begun.pid, SIGTERM)
        _ = try begun.outcome()
        #expect(try Data(contentsOf: URL(fileURLWithPath: back)) == head + content)
        let peak = try #require(status.firstMatch(of: /VmHWM:\s+([0-9]+) kB/).flatMap { Int($0.output.1) })
        #expect(peak < 2 << 10, "\(peak) kB")
        try forwarded.end()
    }

    @Test func anEventArrivesWhenItIsSent() throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        let forwarded = try Forwarded(.beginning([UInt8](head + "data: one\n\n")))
        let reader = try forwarded.curl("-N")
        #expect(reader.waitForOutput("data: one"))
        forwarded.scene.server.answerSilent([UInt8]("data: two\n\n"))
        #expect(try reader.outcome().text.hasSuffix("data: one\n\ndata: two\n\n"))
        try forwarded.end()
    }

    @Test(arguments: [
        "/", "/api/v1/starts", "/v1/viax", "/v1/proxyx", "/v1/proxy/x", "//v1/via/x", "/v1/%76ia/x", "/V1/via/x",
    ])
    func nothingButTheProxyIsReached(path: String) throws {
        let forwarded = try Forwarded(Self.answer)
        let outcome = try forwarded.curl("-X", "POST", path: path).outcome()
        #expect(outcome.text.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        #expect(outcome.text.contains("Attache-Error: not_found\r\n"))
        #expect(outcome.text.hasSuffix(#""code":"not_found","status":404}"#))
        #expect(forwarded.forwarded.isEmpty)
        try forwarded.end()
    }

    @Test(arguments: [
        ("GET /v1/via/x HTTP/1.1\r\n Folded: 1\r\n\r\n", 400), ("GET /v1/via/x HTTP/1.1\nA: 1\r\n\r\n", 400),
        ("GET /v1/via/x HTTP/1.1\r\nA: 1\rB: 2\r\n\r\n", 400), ("GET /v1/via/x\r\n\r\n", 400),
        ("GET /v1/via/x y HTTP/1.1\r\n\r\n", 400), ("GET /v1/via/x HTTP/1.1\r\nA: \0\r\n\r\n", 400),
        ("GET /v1/via/x HTTP/2.0\r\n\r\n", 400), ("\r\n\r\n", 400), ("GET /v1/via/x HTTP/1.1\r\nA b: 1\r\n\r\n", 400),
        ("GET http://x/v1/via/x HTTP/1.1\r\n\r\n", 404), ("CONNECT a:1 HTTP/1.1\r\n\r\n", 404),
        ("GET /v1/via/x HTTP/1.1\r\nA: " + String(repeating: "x", count: 33_000) + "\r\n\r\n", 431),
    ])
    func whatIsNoRequestIsToldSo(request: String, status: Int) throws {
        let forwarded = try Forwarded(Self.answer)
        let answer = try LoopbackPort.exchange([UInt8](request), at: forwarded.port)
        #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
        #expect(forwarded.forwarded.isEmpty)
        try forwarded.end()
    }

    @Test func aServerThatIsAwayIsToldAndFoundAgain() throws {
        let forwarded = try Forwarded(Self.answer)
        forwarded.scene.server.stop()
        let deadline = ContinuousClock.now + .seconds(20)
        var text = ""
        while !text.hasPrefix("HTTP/1.1 503"), ContinuousClock.now < deadline {
            text = try forwarded.curl().outcome().text
        }
        #expect(text.contains("Attache-Error: unreachable"))
        try FileManager.default.removeItem(atPath: forwarded.scene.socket)
        let again = try Scene(Self.answer, in: forwarded.scene.directory)
        #expect(try forwarded.curl().outcome().text.hasPrefix("HTTP/1.1 200"))
        again.server.stop()
        try forwarded.end()
    }

    @Test func aForwarderThatIsKilledIsFollowedByAnother() throws {
        let forwarded = try Forwarded(Self.answer)
        #expect(try forwarded.curl().outcome().text.hasPrefix("HTTP/1.1 200"))
        let first = try #require(forwarded.forwarded.last?.peer)
        kill(first, SIGKILL)
        // The supervisor holds the port: what connects meanwhile waits for the next one.
        #expect(try forwarded.curl().outcome().text.hasPrefix("HTTP/1.1 200"))
        #expect(forwarded.forwarded.last?.peer != first)
        try forwarded.end()
    }

    @Test func aPortThatIsTakenIsToldBeforeAnyRequest() throws {
        let forwarded = try Forwarded(Self.answer)
        let scene = try Scene(supervised: [["A=1"]])
        let outcome = try scene.run("--supervise", "--forward", "\(forwarded.port)", "--", "true")
        #expect(outcome.ending == .exit(125))
        #expect(
            outcome.errors
                == "attache-exec: error: forward_refused: 127.0.0.1:\(forwarded.port): Address in use\n"
        )
        #expect(scene.server.requests.isEmpty)
        try forwarded.end()
    }

    /// What is set for the main process holds for what `docker exec` starts beside it, too.
    @Test func aSessionInASupervisedContainerTakesThePortAndNothingElse() throws {
        let scene = try Scene(Answers.environment("A=1"))
        let settings = [
            "ATTACHE_SUPERVISE=1", "ATTACHE_RESTART=always", "ATTACHE_ON_CHANGE=restart", "ATTACHE_CACHE=memory:x",
            "ATTACHE_FORWARD=8751",
        ]
        let outcome = try scene.environment(flags: ["--session"], inherited: settings)
        #expect(outcome.ending == .exit(0), "\(outcome.errors)")
        #expect(scene.server.requests.first?.field("Attache-Forward") == "8751")
        #expect(scene.server.requests.first?.field("Attache-Supervised") == nil)
    }

    @Test(arguments: ["0", "65536", "x", ""])
    func aPortThatIsNoneIsAUsageError(port: String) throws {
        let outcome = try Wrapper.run("--supervise", "--forward=\(port)", "--", "true")
        #expect(outcome.ending == .exit(125))
        #expect(outcome.errors == "attache-exec: error: usage: --forward takes a port from 1 to 65535\n")
    }
}
