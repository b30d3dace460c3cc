// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// A WebSocket through the built server's proxy.
struct WebSocketTests {
    private static let agreement =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: accepted\r\n"

    private func handshake(_ scene: ProxyScene, _ fields: [String] = []) -> String {
        let upgrade = [
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: given",
        ]
        return scene.request("GET", "\(scene.base)/live", fields: upgrade + fields)
            .replacing("Connection: close\r\n", with: "")
    }

    /// A frame of text (RFC 6455 §5.2).
    private func frame(_ text: String) -> [UInt8] { [0x81, UInt8(text.utf8.count)] + text.utf8 }

    @Test func bytesFlowBothWaysAfterAHandshakeWithTheCredential() async throws {
        let said = "what the agent says, in as many bytes as it likes"
        let frames = [frame("hello \(ProxyScene.key)"), frame("goodbye")]
        let target = try RecordingTarget { _ in
            [
                .bytes(Array("\(Self.agreement)X-Echo: \(ProxyScene.key)\r\n\r\n".utf8) + frames[0]),
                .take(said.utf8.count), .bytes(frames[1]),
            ]
        }
        let scene = try await ProxyScene(target)
        let extensions = "Sec-WebSocket-Extensions: permessage-deflate"
        let answer = try await scene.exchange(handshake(scene, [extensions]), until: "hello ", thenSending: said)
        let stars = String(repeating: "*", count: ProxyScene.key.utf8.count)
        #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        for part in ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: accepted", "X-Echo: \(stars)"]
        {
            #expect(answer.contains("\r\n\(part)\r\n"), "\(part)")
        }
        #expect(answer.contains("hello \(stars)"))
        #expect(answer.hasSuffix("goodbye"))
        #expect(!answer.contains(ProxyScene.key))
        let request = try #require(target.requests.first)
        for part in ["connection: Upgrade", "upgrade: websocket", "authorization: Bearer \(ProxyScene.key)"] {
            #expect(request.contains("\r\n\(part)\r\n"), "\(part)")
        }
        #expect(request.contains("Sec-WebSocket-Key: given"))
        #expect(!request.lowercased().contains("extensions"))
        #expect(target.requests.last == said)
        let trail = try await scene.waitForAudit("\"101\"")
        #expect(!trail.contains("broken_off") && !trail.contains("target_answer_invalid"))
    }

    @Test func theCredentialIsFoundAlsoWhereAMessageIsCutIntoFrames() async throws {
        let (head, tail) = (ProxyScene.key.prefix(7), ProxyScene.key.dropFirst(7))
        let frames: [[UInt8]] = [
            [0x01, UInt8(6 + head.utf8.count)] + "hello ".utf8 + head.utf8,
            [0x80, UInt8(tail.utf8.count + 1)] + tail.utf8 + "!".utf8,
        ]
        let target = try RecordingTarget { _ in
            [.bytes(Array("\(Self.agreement)\r\n".utf8) + frames[0]), .take(2), .bytes(frames[1])]
        }
        let scene = try await ProxyScene(target)
        // What cannot be of the credential is there before the target says more.
        let answer = try await scene.exchange(handshake(scene), until: "hello ", thenSending: "go")
        #expect(answer.hasSuffix("\(String(repeating: "*", count: ProxyScene.key.utf8.count))!"))
        #expect(!answer.contains(head) && !answer.contains(tail))
    }

    @Test func aTargetThatDoesNotAgreeAnswersAsEver() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")] }
        let scene = try await ProxyScene(target)
        // The end of the connection ends the exchange: nothing reads a second request behind `Upgrade`.
        let answer = try await scene.exchange(handshake(scene))
        #expect(answer.hasPrefix("HTTP/1.1 403"))
        #expect(answer.hasSuffix("\r\n\r\nno"))
    }

    @Test(arguments: ["Upgrade: h2c\r\n", "Upgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"])
    func nothingElseIsAgreedOn(fields: String) async throws {
        let target = try RecordingTarget { _ in
            [.text("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\(fields)\r\n"), .untilClosed]
        }
        let scene = try await ProxyScene(target)
        let answer = try await scene.exchange(handshake(scene))
        #expect(answer.hasPrefix("HTTP/1.1 502"))
        #expect(answer.contains("target_answer_invalid"))
    }

    @Test func aCredentialOfWhichOnlyTheStatusIsSeenOpensNoWebSocket() async throws {
        let target = try RecordingTarget { _ in
            [.bytes(Array("\(Self.agreement)X-Private: y\r\n\r\n".utf8) + frame("hello")), .untilClosed]
        }
        let scene = try await ProxyScene(target, add: ["--type", "API_KEY", "--response", "status_only"])
        let answer = try await scene.exchange(handshake(scene))
        #expect(answer.hasPrefix("HTTP/1.1 502"))
        #expect(answer.contains("\"code\":\"target_answer_invalid\""))
        #expect(!answer.contains("X-Private") && !answer.contains("hello"))
        #expect(await target.firstEnd == .closed)
        try await scene.waitForAudit("\"101\"")
    }

    @Test func aFrameThatCannotBeReadEndsTheConnection() async throws {
        let masked: [UInt8] = [0x81, 0x81, 1, 2, 3, 4, 5]
        let target = try RecordingTarget { _ in
            [.bytes(Array("\(Self.agreement)\r\n".utf8) + masked), .untilClosed]
        }
        let scene = try await ProxyScene(target)
        let answer = try await scene.exchange(handshake(scene))
        #expect(answer.hasPrefix("HTTP/1.1 101"))
        #expect(answer.hasSuffix("\r\n\r\n"))
        try await scene.waitForAudit("target_answer_invalid")
    }

    @Test func anAgentThatLeavesEndsTheConnectionToTheTarget() async throws {
        let target = try RecordingTarget { _ in
            [.bytes(Array("\(Self.agreement)\r\n".utf8) + frame("hello")), .untilClosed]
        }
        let scene = try await ProxyScene(target)
        _ = try await scene.exchange(handshake(scene), until: "hello")
        // Entered when it is over, which it is only when the target's end is closed too.
        let trail = try await scene.waitForAudit("\"101\"")
        #expect(!trail.contains("broken_off"))
    }
}
