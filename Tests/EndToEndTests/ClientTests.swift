// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Clients as people have them, unchanged, with nothing but a base URL and a token: curl, and the Python SDKs of OpenAI
/// and Anthropic.
struct ClientTests {
    /// Speaks as much of both APIs as the clients ask for, streams event by event, and refuses any other key.
    private static func reply(_ request: String) -> [RecordingTarget.Piece] {
        let key = ProxyScene.key
        guard request.contains("authorization: Bearer \(key)\r\n") || request.contains("x-api-key: \(key)\r\n") else {
            return [.text("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\n{}")]
        }
        let streams = request.contains("\"stream\":true") || request.contains("\"stream\": true")
        if request.hasPrefix("POST /chat/completions ") { return streams ? chatEvents : json(chat) }
        if request.hasPrefix("POST /v1/messages ") { return streams ? messageEvents : json(message) }
        return json("{\"path\":\"other\",\"key\":\"\(key)\"}")
    }

    private static func json(_ text: String) -> [RecordingTarget.Piece] {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: \(text.utf8.count)\r\n\r\n"
        return [.text(head), .text(text)]
    }

    private static func events(_ lines: [String]) -> [RecordingTarget.Piece] {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        let chunks = lines.map { line in
            RecordingTarget.Piece.text("\(String(line.utf8.count, radix: 16))\r\n\(line)\r\n")
        }
        return [.text(head)] + chunks + [.text("0\r\n\r\n")]
    }

    private static let chat = """
        {"id":"c1","object":"chat.completion","created":1,"model":"small","choices":[{"index":0,"finish_reason":"stop",\
        "message":{"role":"assistant","content":"hello there"}}]}
        """

    private static let chatEvents = events(
        ["hello ", "there"].map { word in
            """
            data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"small",\
            "choices":[{"index":0,"delta":{"content":"\(word)"}}]}\n\n
            """
        } + ["data: [DONE]\n\n"]
    )

    private static let message = """
        {"id":"m1","type":"message","role":"assistant","model":"small","stop_reason":"end_turn","stop_sequence":null,\
        "usage":{"input_tokens":1,"output_tokens":2},"content":[{"type":"text","text":"hello there"}]}
        """

    private static let messageEvents = events(
        [
            """
            event: message_start\ndata: {"type":"message_start","message":{"id":"m1","type":"message","role":"assistant",\
            "model":"small","content":[],"stop_reason":null,"stop_sequence":null,\
            "usage":{"input_tokens":1,"output_tokens":1}}}\n\n
            """,
            """
            event: content_block_start\ndata: {"type":"content_block_start","index":0,\
            "content_block":{"type":"text","text":""}}\n\n
            """,
        ]
            + ["hello ", "there"].map { word in
                """
                event: content_block_delta\ndata: {"type":"content_block_delta","index":0,\
                "delta":{"type":"text_delta","text":"\(word)"}}\n\n
                """
            }
            + [
                "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n",
                """
                event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn",\
                "stop_sequence":null},"usage":{"output_tokens":2}}\n\n
                """,
                "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
            ]
    )

    private static func scene(provider: String) async throws -> (ProxyScene, url: String) {
        let target = try RecordingTarget(reply: reply)
        let scene = try await ProxyScene(target, add: ["--provider", provider])
        return (scene, "http://\(scene.server.address)/v1/via/Target")
    }

    // MARK: - Python

    @Test func theOpenAISDKNeedsABaseURLAndATokenAndNothingElse() async throws {
        let (scene, url) = try await Self.scene(provider: "openai")
        let script = """
            from openai import OpenAI
            client = OpenAI(max_retries=0)
            whole = client.chat.completions.create(model="small", messages=[{"role": "user", "content": "hi"}])
            print(whole.choices[0].message.content)
            stream = client.chat.completions.create(model="small", stream=True,
                messages=[{"role": "user", "content": "hi"}])
            print("|".join(event.choices[0].delta.content for event in stream))
            """
        let variables = ["OPENAI_API_KEY": scene.token, "OPENAI_BASE_URL": url]
        let result = try await PythonSDKs.run(script, environment: variables)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "hello there\nhello |there\n")
        #expect(scene.target.requests.count == 2)
        #expect(scene.target.requests.allSatisfy { !$0.contains("pxr_") && $0.contains(ProxyScene.key) })
    }

    @Test func theAnthropicSDKNeedsABaseURLAndATokenAndNothingElse() async throws {
        let (scene, url) = try await Self.scene(provider: "anthropic")
        let script = """
            from anthropic import Anthropic
            client = Anthropic(max_retries=0)
            ask = dict(model="small", max_tokens=16, messages=[{"role": "user", "content": "hi"}])
            print(client.messages.create(**ask).content[0].text)
            with client.messages.stream(**ask) as stream:
                print("|".join(stream.text_stream))
            """
        let variables = ["ANTHROPIC_API_KEY": scene.token, "ANTHROPIC_BASE_URL": url]
        let result = try await PythonSDKs.run(script, environment: variables)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "hello there\nhello |there\n")
        #expect(
            scene.target.requests.allSatisfy { !$0.contains("pxr_") && $0.contains("x-api-key: \(ProxyScene.key)") }
        )
    }

    @Test func anSDKIsToldOfAnEndedTokenAsOfAWrongKey() async throws {
        let (scene, url) = try await Self.scene(provider: "openai")
        #expect(try await scene.server.attache("credentials", "detach", "bot", "Target").status == 0)
        let script = """
            from openai import AuthenticationError, OpenAI
            try:
                OpenAI(max_retries=0).models.list()
            except AuthenticationError as error:
                print(error.status_code, error.response.headers["attache-error"])
            """
        let variables = ["OPENAI_API_KEY": scene.token, "OPENAI_BASE_URL": url]
        let result = try await PythonSDKs.run(script, environment: variables)
        #expect(result.output == "401 token_revoked\n", "\(result.errors)")
        #expect(scene.target.requests.isEmpty)
    }

    // MARK: - curl

    private static func curl(_ arguments: String...) async throws -> CommandResult {
        try await run("/usr/bin/curl", ["--silent", "--show-error", "--max-time", "20"] + arguments, environment: [:])
    }

    @Test func curlCallsATargetByItsURL() async throws {
        let (scene, _) = try await Self.scene(provider: "openai")
        let result = try await Self.curl(
            "http://\(scene.server.address)/v1/proxy",
            "--header",
            "Authorization: Bearer \(scene.token)",
            "--header",
            "X-Target-Url: \(scene.base)/other"
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("\"path\":\"other\""))
        #expect(!result.output.contains(ProxyScene.key))
    }

    @Test func curlCallsATargetOverTheAgentsSocketWithTheTokenAsUserOfBasicAuthentication() async throws {
        let (scene, _) = try await Self.scene(provider: "openai")
        let result = try await Self.curl(
            "--unix-socket",
            scene.server.agentSocket,
            "--user",
            "\(scene.token):",
            "http://attache/v1/via/Target/other"
        )
        #expect(result.output.contains("\"path\":\"other\""), "\(result.errors)")
    }

    @Test func curlSeesEventsOneByOne() async throws {
        let (scene, url) = try await Self.scene(provider: "openai")
        let result = try await Self.curl(
            "--no-buffer",
            "\(url)/chat/completions",
            "--header",
            "Authorization: Bearer \(scene.token)",
            "--header",
            "Content-Type: application/json",
            "--data",
            "{\"stream\":true}"
        )
        #expect(result.output.hasSuffix("data: [DONE]\n\n"), "\(result.errors)")
        #expect(result.output.split(separator: "\n", omittingEmptySubsequences: true).count == 3)
    }

    @Test func curlUploadsALargeBodyThatItWaitsToSend() async throws {
        let (scene, url) = try await Self.scene(provider: "openai")
        let file = scene.server.directory.appending("upload")
        try Data(repeating: UInt8(ascii: "a"), count: 3 << 20).write(to: URL(fileURLWithPath: file))
        let result = try await Self.curl(
            "\(url)/files",
            "--header",
            "Authorization: Bearer \(scene.token)",
            "--header",
            "Expect: 100-continue",
            "--data-binary",
            "@\(file)"
        )
        #expect(result.status == 0, "\(result.errors)")
        #expect(scene.target.requests.first?.utf8.count ?? 0 > 3 << 20)
    }
}
