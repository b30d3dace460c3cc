// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `attache proxy`, as people use it.
struct ProxyCommandTests {
    private static func scene() async throws -> ProxyScene {
        try await ProxyScene(
            RecordingTarget { request in
                if request.hasPrefix("GET /missing") {
                    return [.text("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone")]
                }
                return [.text("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")]
            }
        )
    }

    @Test func theAnswersBodyIsPrintedAsItIs() async throws {
        let scene = try await Self.scene()
        let result = try await scene.server.attache("proxy", scene.token, "\(scene.base)/a?b=c")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "hello")
        let request = try #require(scene.target.requests.first)
        #expect(request.hasPrefix("GET /a?b=c HTTP/1.1\r\n"))
        #expect(request.contains("authorization: Bearer \(ProxyScene.key)\r\n"))
    }

    @Test func aBodyMakesItAPostAndFieldsArePassedOn() async throws {
        let scene = try await Self.scene()
        let result = try await scene.server.attache(
            [
                "proxy", scene.token, "\(scene.base)/", "--data", "{\"a\":1}", "--header",
                "Content-Type: application/json",
            ]
        )
        #expect(result.status == 0, "\(result.errors)")
        let request = try #require(scene.target.requests.first)
        #expect(request.hasPrefix("POST / HTTP/1.1\r\n") && request.hasSuffix("\r\n\r\n{\"a\":1}"))
        #expect(request.contains("Content-Type: application/json\r\n"))
    }

    @Test func anotherMethodIsSent() async throws {
        let scene = try await Self.scene()
        _ = try await scene.server.attache("proxy", scene.token, "\(scene.base)/x", "--method", "DELETE")
        #expect(scene.target.requests.first?.hasPrefix("DELETE /x ") == true)
    }

    @Test func theTokenMayComeFromStdinOrAVariable() async throws {
        let scene = try await Self.scene()
        let fromInput = try await scene.server.attache(
            "proxy",
            "-",
            "\(scene.base)/",
            input: Array("\(scene.token)\n".utf8)
        )
        #expect(fromInput.output == "hello", "\(fromInput.errors)")
        let variables = ["ATTACHE_PROXY_TOKEN": scene.token]
        let fromVariable = try await scene.server.attache("proxy", "\(scene.base)/", environment: variables)
        #expect(fromVariable.output == "hello", "\(fromVariable.errors)")
        let without = try await scene.server.attache("proxy", "\(scene.base)/")
        #expect(without.status == 2 && without.errors.contains("ATTACHE_PROXY_TOKEN"))
    }

    @Test func anErrorOfTheTargetIsAnAnswerAndOneOfTheServerIsNone() async throws {
        let scene = try await Self.scene()
        let missing = try await scene.server.attache("proxy", scene.token, "\(scene.base)/missing")
        #expect(missing.status == 1 && missing.output == "none")
        #expect(missing.errors.contains("404"))
        let refused = try await scene.server.attache("proxy", scene.token, "https://evil.test/", "--json")
        #expect(refused.status == 1 && refused.output.isEmpty)
        #expect(refused.errors.contains("target_not_allowed"))
    }

    @Test func oneDocumentHoldsStatusFieldsAndBody() async throws {
        let scene = try await Self.scene()
        let result = try await scene.server.attache("proxy", scene.token, "\(scene.base)/", "--json")
        let document = try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        )
        #expect(document["status"] as? Int == 200)
        #expect(document["body"] as? String == "hello")
        #expect((document["headers"] as? [String: String])?["content-type"] == "text/plain")
    }

    @Test func theLogSaysWhoCalledWhatAndWhatCameOfIt() async throws {
        let scene = try await Self.scene()
        _ = try await scene.server.attache("proxy", scene.token, "\(scene.base)/first?secret=c4n4ry")
        _ = try await scene.server.attache("proxy", scene.token, "https://evil.test/second")
        let log = try await scene.server.attache("proxy", "log")
        #expect(log.status == 0, "\(log.errors)")
        let lines = log.output.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].contains("bot") && lines[1].contains("/first?secret=") && lines[1].contains("200"))
        #expect(lines[2].contains("evil.test/second") && lines[2].contains("target_not_allowed"))
        for text in ["c4n4ry", ProxyScene.key, scene.token] { #expect(!log.output.contains(text)) }
        let denied = try await scene.server.attache(
            "proxy",
            "log",
            "--denied",
            "--agent",
            "bot",
            "--credential",
            "Target"
        )
        #expect(denied.output.split(separator: "\n").count == 2, "\(denied.output)\(denied.errors)")
        let nobody = try await scene.server.attache("proxy", "log", "--agent", "nobody")
        #expect(nobody.status == 1)
    }

    @Test func whoFollowsTheLogSeesWhatComes() async throws {
        let scene = try await Self.scene()
        let follower = try StartedProcess(
            Programs.attache,
            ["proxy", "log", "--follow", "--json", "--limit", "0"],
            environment: ["ATTACHE_SOCKET": scene.server.socket, "PATH": "/usr/bin:/bin"]
        )
        defer { follower.signal(SIGKILL) }
        // Until the follower has looked once, what is sent is of the past for it.
        let deadline = ContinuousClock.now + .seconds(30)
        while !follower.printed.text.contains("/later"), ContinuousClock.now < deadline {
            _ = try await scene.server.attache("proxy", scene.token, "\(scene.base)/later")
        }
        #expect(follower.printed.text.contains("\"/later\"") || follower.printed.text.contains("/later"))
        #expect(follower.printed.text.split(separator: "\n").allSatisfy { $0.hasPrefix("{") })
    }

    @Test func aRotatedTokenTakesOverAndTheOldOneEndsAtOnceWhereAsked() async throws {
        let scene = try await Self.scene()
        let rotated = try await scene.server.attache("proxy-token", "rotate", "bot", "Target", "--now")
        #expect(rotated.status == 0, "\(rotated.errors)")
        let start = try #require(rotated.output.range(of: "pxr_")).lowerBound
        let token = String(rotated.output[start...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
        #expect(try await scene.server.attache("proxy", scene.token, "\(scene.base)/").errors.contains("revoked"))
        #expect(try await scene.server.attache("proxy", token, "\(scene.base)/").output == "hello")
    }

    @Test func aCredentialWithoutATestRequestIsSkipped() async throws {
        let scene = try await Self.scene()
        let result = try await scene.server.attache("credentials", "test", "Target", "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("\"result\":\"skipped\""))
        #expect(scene.target.requests.isEmpty)
    }
}
