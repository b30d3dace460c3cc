// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// An attack on the proxy, one a file of `Tests/Vectors/attacks`, and what must be seen of it on either side.
struct Attack: Decodable, Sendable, CustomTestStringConvertible {
    /// What reaches the target: not one byte, or exactly one request.
    enum Side: String, Decodable { case nothing, asked }

    var attack: String
    var url: String
    var target: Side
    var method: String?
    /// Fields beside those that every request has.
    var fields: [String]?
    var body: String?
    var token: String?
    var hosts: [String]?
    var allow: String?
    /// Arguments of `credentials add`.
    var add: [String]?
    /// What the target answers; spellings of the value stand in angle brackets.
    var reply: String?
    /// The code of the error that the agent gets.
    var code: String?
    var status: Int?
    /// What no request to the target holds.
    var absent: [String]?
    /// What no answer to the agent holds.
    var hidden: [String]?

    var testDescription: String { attack }

    static let all: [Attack] = {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Vectors/attacks")
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.sorted().compactMap { name in
            try? JSONDecoder().decode(Self.self, from: Data(contentsOf: folder.appendingPathComponent(name)))
        }
    }()
}

struct AttackTests {
    @Test func everyFileIsAnAttack() {
        #expect(Attack.all.count >= 75)
    }

    @Test(arguments: Attack.all)
    func isStopped(attack: Attack) async throws {
        let reply = Spellings.filled(attack.reply ?? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        let target = try RecordingTarget { _ in [.text(reply)] }
        let port = "\(target.port)"
        let scene = try await ProxyScene(
            target,
            add: attack.add ?? ["--type", "API_KEY"],
            hosts: attack.hosts?.map { $0.replacing("PORT", with: port) },
            allow: attack.allow ?? "127.0.0.1/32"
        )
        var request = scene.request(
            attack.method ?? "GET",
            attack.url.replacing("PORT", with: port).replacing("TOKEN", with: scene.token),
            fields: (attack.fields ?? []).map { $0.replacing("TOKEN", with: scene.token) },
            body: attack.body ?? ""
        )
        if let token = attack.token { request = request.replacing(scene.token, with: token) }
        let answer = try await scene.exchange(request)

        #expect(target.requests.count == (attack.target == .asked ? 1 : 0))
        for spelling in Spellings.all.values { #expect(!answer.contains(spelling)) }
        if let code = attack.code { #expect(answer.lowercased().contains("attache-error: \(code)")) }
        if attack.code == nil { #expect(answer.hasPrefix("HTTP/1.1 \(attack.status ?? 200)")) }
        for text in attack.hidden ?? [] { #expect(!answer.contains(text)) }
        if let sent = target.requests.first {
            for text in attack.absent ?? [] { #expect(!sent.contains(text)) }
            #expect(
                sent.components(separatedBy: ProxyScene.key).count + sent.components(separatedBy: "key=sk-").count == 3
            )
        } else {
            // Nothing was opened for what was refused.
            let trail = try await scene.server.attache("audit", "list", "--json").output
            #expect(!trail.contains("\"milliseconds\""))
        }
        #expect(!scene.server.log.contains(ProxyScene.key))
    }
}

/// The ways in which an answer writes the value.
enum Spellings {
    static let all: [String: String] = {
        let key = ProxyScene.key
        let bytes = Array(key.utf8)
        func each(_ body: (UInt8) -> String) -> String { bytes.map(body).joined() }
        func base64(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
        func form(_ format: String) -> String { each { String(format: format, $0) } }
        return [
            "raw": key, "basic": base64("user:\(key)"), "base64": base64(key), "base64-after-1": base64("x\(key)"),
            "base64-after-2": base64("xy\(key)"),
            "base64url": base64(key).replacing("+", with: "-").replacing("/", with: "_"), "percent": form("%%%02X"),
            "percent-lower": form("%%%02x"), "hexadecimal": form("%02x"), "hexadecimal-upper": form("%02X"),
            "json": form("\\u00%02x"), "json-upper": form("\\u00%02X"), "html-decimal": form("&#%d;"),
            "html-hexadecimal": form("&#x%02x;"),
            "mixed": bytes.enumerated().map { index, byte in
                String(format: ["%%%02x", "\\u00%02X", "&#x%x;", "&#%d;"][index % 4], byte)
            }.joined(),
        ]
    }()

    static func filled(_ reply: String) -> String {
        var text = reply
        for (name, spelling) in all { text = text.replacing("<\(name)>", with: spelling) }
        let chunks = ProxyScene.key.map { "1\r\n\($0)\r\n" }.joined()
        return text.replacing("<chunks>", with: chunks)
    }
}
