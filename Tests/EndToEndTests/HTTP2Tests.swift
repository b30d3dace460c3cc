// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TestSupport
import Testing

/// HTTP/2 between an agent and the built server, and between the server and a target.
struct HTTP2Tests {
    private static let answer = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nmodels"

    @Test(arguments: ["--http2", "--http1.1"])
    func curlSpeaksEitherVersionToTheProxyAndTheAPI(version: String) async throws {
        let target = try RecordingTarget { _ in [.text(Self.answer)] }
        let (scene, files) = try await Self.scene(target)
        let client = try HTTP2Client(scene.server, files)
        let expected = version == "--http2" ? "HTTP/2 200" : "HTTP/1.1 200"
        let token = try #require(scene.server.workspaceKey)
        let api = try await curl(client, "/api/v1/secrets", [version, "-H", "Authorization: Bearer \(token)"])
        #expect(api.hasPrefix(expected), "\(api)")
        #expect(api.hasSuffix("{\"secrets\":[]}"))
        let fields = ["-H", "Authorization: Bearer \(scene.token)", "-H", "X-Target-Url: \(scene.base)/v1"]
        let proxied = try await curl(client, "/v1/proxy", [version, "-d", "a=b"] + fields)
        #expect(proxied.hasPrefix(expected), "\(proxied)")
        #expect(proxied.hasSuffix("models"))
        #expect(!proxied.lowercased().contains("connection:"))
        let request = try #require(target.requests.first)
        #expect(request.hasPrefix("POST /v1 HTTP/1.1\r\n"))
        #expect(request.contains("authorization: Bearer \(ProxyScene.key)\r\n"))
        #expect(request.hasSuffix("\r\n\r\na=b"))
        let via = try await curl(client, "/v1/via/Target/v1/models", [version, "-H", "x-api-key: \(scene.token)"])
        #expect(via.hasPrefix(expected), "\(via)")
        let refused = try await curl(client, "/v1/proxy", [version])
        #expect(refused.lowercased().contains("\r\nattache-error: token_missing\r\n"), "\(refused)")
        #expect(refused.contains("\"code\":\"token_missing\""))
    }

    /// Over TLS they offer HTTP/2.
    @Test func theOwnCommandsWorkOverTLS() async throws {
        let (scene, files) = try await Self.scene(try RecordingTarget { _ in [] })
        let client = try HTTP2Client(scene.server, files)
        let environment = [
            "ATTACHE_ADDRESS": "https://127.0.0.1:\(client.port)", "ATTACHE_CA_FILE": files.certificate,
            "ATTACHE_API_KEY": try #require(scene.server.workspaceKey),
        ]
        let lines = (0..<2_000).map { "NAME_\($0)=\(String(repeating: "v", count: 200))\n" }.joined()
        let file = scene.server.directory.appending("large.env")
        try lines.write(toFile: file, atomically: false, encoding: .utf8)
        let imported = try await run(Programs.attache, ["secrets", "import", file], environment: environment)
        #expect(imported.status == 0, "\(imported.errors)")
        let listed = try await run(Programs.attache, ["secrets", "list", "--json"], environment: environment)
        #expect(listed.output.contains("NAME_1999"), "\(listed.errors)")
        let missing = try await run(Programs.attache, ["agents", "show", "nobody"], environment: environment)
        #expect(missing.status == 1)
    }

    @Test(.timeLimit(.minutes(2)))
    func largeBodiesGoThroughAStreamInEitherDirection() async throws {
        let size = 3 << 20
        let text = String(repeating: "0123456789abcdef", count: size / 16)
        let target = try RecordingTarget { _ in
            [.text("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n"), .text(text)]
        }
        let (scene, files) = try await Self.scene(target)
        let client = try HTTP2Client(scene.server, files)
        let file = scene.server.directory.appending("body")
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        let fields = ["-H", "Authorization: Bearer \(scene.token)", "-H", "X-Target-Url: \(scene.base)/"]
        // Without a length, as a stream has it.
        let upload = ["-T", file, "-H", "Content-Length:"]
        let answer = try await curl(client, "/v1/proxy", ["--http2"] + upload + fields)
        #expect(answer.hasPrefix("HTTP/2 200"))
        #expect(answer.hasSuffix("\r\n\r\n\(text)"))
        let again = try await curl(client, "/v1/proxy", ["--http2", "--data-binary", "@\(file)"] + fields)
        #expect(again.hasSuffix("\r\n\r\n\(text)"))
        let requests = target.requests
        #expect(requests.last?.hasSuffix("\r\n\r\n\(text)") == true)
        #expect(requests.first?.contains("transfer-encoding: chunked\r\n") == true)
        #expect(requests.first.map { $0.filter { $0 == "f" }.count >= size / 16 } == true)
    }

    @Test func bodiesAndTrailersGoBothWays() async throws {
        let target = try RecordingTarget { _ in
            [.text("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\n\r\n")]
        }
        let (scene, files) = try await Self.scene(target)
        let client = try HTTP2Client(scene.server, files)
        var stream = HTTP2Client.request("POST", to: "\(scene.base)/", token: scene.token)
        stream.body = "body"
        stream.trailers = [["x-check", "8"], ["cookie", "agents-own"]]
        let answer = try await client.exchange(.init(streams: [stream]))
        #expect(answer.contains("WHOLE\nHTTP/2 200"), "\(answer)")
        #expect(answer.contains("\r\nok\r\nx-sum: 7\r\n"))
        let request = try #require(target.requests.first)
        #expect(request.contains("4\r\nbody\r\n0\r\nx-check: 8\r\n\r\n"), "\(request)")
        #expect(!request.contains("agents-own"))
    }

    @Test func anAgentThatResetsItsStreamEndsTheRequestAtTheTargetAndIsRecorded() async throws {
        let target = try RecordingTarget { _ in
            [.text("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: first\n\n"), .untilClosed]
        }
        let (scene, files) = try await Self.scene(target)
        let client = try HTTP2Client(scene.server, files)
        let stream = HTTP2Client.request("GET", to: "\(scene.base)/events", token: scene.token)
        let answer = try await client.exchange(.init(streams: [stream], leave: "data: first\n\n"))
        #expect(answer.contains("LEFT"), "\(answer)")
        #expect(await target.firstEnd == .closed)
        let trail = try await scene.waitForAudit("broken_off")
        #expect(trail.contains("\"milliseconds\""))
    }

    @Test(arguments: [
        HTTP2Client.Stream(fields: [["content-length", "1"]], body: "GET / HTTP/1.1"),
        HTTP2Client.Stream(fields: [["content-length", "9"]], body: "short"),
        HTTP2Client.Stream(fields: [], body: "body", trailers: [[":path", "/"]]),
    ])
    func aBodyThatIsNotAsItWasSaidNeverReachesTheTargetWhole(wrong: HTTP2Client.Stream) async throws {
        let target = try RecordingTarget { _ in [.text(Self.answer)] }
        let (scene, files) = try await Self.scene(target)
        let client = try HTTP2Client(scene.server, files)
        var stream = HTTP2Client.request("POST", to: "\(scene.base)/", token: scene.token, fields: wrong.fields)
        (stream.body, stream.trailers) = (wrong.body, wrong.trailers)
        let answer = try await client.exchange(.init(streams: [stream]))
        #expect(answer.contains("RESET 1"), "\(answer)")
        try await scene.waitForAudit("broken_off")
        for request in target.requests {
            let body = request.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "|")
            #expect(["", "short", "4\r\nbody\r\n"].contains(body), "\(request)")
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func aServerThatIsToldToStopFinishesItsStreams() async throws {
        let (asked, isAsked) = AsyncStream.makeStream(of: Void.self)
        let mayAnswer = DispatchSemaphore(value: 0)
        let target = try RecordingTarget { _ in
            isAsked.yield()
            mayAnswer.wait()
            return [.text(Self.answer)]
        }
        let (scene, files) = try await Self.scene(target)
        let client = try HTTP2Client(scene.server, files)
        let stream = HTTP2Client.request("GET", to: "\(scene.base)/", token: scene.token)
        async let answer = client.exchange(.init(streams: [stream]))
        for await _ in asked { break }
        scene.server.signal(SIGTERM)
        // A new connection is refused once the server stops.
        var isStopping = false
        while !isStopping {
            isStopping = try await curl(client, "/healthz", ["--http2"]).isEmpty
        }
        mayAnswer.signal()
        let text = try await answer
        #expect(text.contains("GOAWAY 0\n"), "\(text)")
        #expect(text.contains("WHOLE\nHTTP/2 200"))
        #expect(text.contains("\r\nmodels\r\n"))
        #expect(await scene.server.waitForExit() == 0)
    }

    @Test func aTargetThatChoosesHTTP2IsSpokenToInIt() async throws {
        let target = try RecordingTarget { _ in
            [.text("HTTP/1.1 200 OK\r\nX-Version: two\r\nContent-Length: 30\r\n\r\n\(ProxyScene.key)")]
        }
        let front = try await TLSFront(of: target, for: "IP:127.0.0.1", version: 2)
        let base = "https://127.0.0.1:\(front.port)"
        let (scene, files) = try await Self.scene(target, hosts: [base], trust: front.certificateFile)
        let client = try HTTP2Client(scene.server, files)
        var stream = HTTP2Client.request("POST", to: "\(base)/v1?a=b", token: scene.token)
        stream.body = "hello"
        let answer = try await client.exchange(.init(streams: [stream]))
        #expect(answer.contains("WHOLE\nHTTP/2 200"), "\(answer)")
        #expect(answer.contains("x-version: two\r\n"))
        #expect(answer.contains("\r\n\(String(repeating: "*", count: 30))\r\n"))
        let request = try #require(target.requests.first)
        #expect(request.hasPrefix("POST /v1?a=b HTTP/2\r\nhost: 127.0.0.1:\(front.port)\r\n"), "\(request)")
        #expect(request.contains("\r\nauthorization: Bearer \(ProxyScene.key)\r\n"))
        #expect(request.hasSuffix("\r\n\r\nhello"))
        // An agent of HTTP/1.1 on the same target.
        #expect(try await scene.send("GET", "\(base)/v2").hasPrefix("HTTP/1.1 200 OK\r\n"))
        #expect(target.requests.last?.hasPrefix("GET /v2 HTTP/2\r\n") == true)
    }

    @Test func aHeaderBeyondTheLimitEndsInAnErrorOrTheConnection() async throws {
        let target = try RecordingTarget { _ in [.text(Self.answer)] }
        let (scene, files) = try await Self.scene(target)
        let client = try HTTP2Client(scene.server, files)
        let first = HTTP2Client.request("GET", to: "\(scene.base)/", token: "pxr_none")
        func second(_ count: Int) -> HTTP2Client.Stream {
            let large = ["x-large", String(repeating: "~", count: count)]
            return HTTP2Client.request("GET", to: "\(scene.base)/", token: scene.token, fields: [large])
        }
        let refused = try await client.exchange(.init(streams: [first, second(60_000)]))
        #expect(refused.contains("CLOSED"), "\(refused)")
        #expect(target.requests.isEmpty)
    }

    private static func scene(
        _ target: RecordingTarget,
        hosts: [String]? = nil,
        trust: String? = nil
    ) async throws -> (ProxyScene, TLSFiles) {
        let files = try TLSFiles(for: "IP:127.0.0.1")
        let scene = try await ProxyScene(
            target,
            hosts: hosts,
            serve: files.arguments,
            environment: trust.map { ["ATTACHE_PROXY_TRUST": $0] } ?? [:]
        )
        return (scene, files)
    }

    /// The answer with its head.
    private func curl(_ client: HTTP2Client, _ path: String, _ arguments: [String]) async throws -> String {
        try await run(
            "/usr/bin/curl",
            ["-s", "-i", "--cacert", client.certificate, "https://127.0.0.1:\(client.port)\(path)"] + arguments,
            environment: ["PATH": "/usr/bin:/bin"]
        ).output
    }
}
