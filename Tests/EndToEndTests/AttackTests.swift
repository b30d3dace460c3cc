// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
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
    /// What follows that, in base64.
    var bytes: Data?
    /// What the name server says of `target.test`, one list of addresses a lookup.
    var dns: [[String]]?
    /// How often it is asked.
    var lookups: Int?
    /// What the target's certificate is for, `unknown` where nobody vouches for it, `expired` where it is of the past; nil where
    /// the target speaks plain HTTP.
    var certificate: String?
    /// Of HTTP, that the target speaks behind TLS: 1 unless told.
    var version: Int?
    /// The request as the agent sends it over HTTP/2, in the place of all else.
    var frames: HTTP2Client.Stream?
    /// How many such streams are sent and reset before.
    var storm: Int?
    /// How the agent's stream or connection ends where there is no answer.
    var ends: String?
    /// The code of the error that the agent gets.
    var code: String?
    var status: Int?
    /// What no request to the target holds.
    var absent: [String]?
    /// What no answer to the agent holds.
    var hidden: [String]?
    /// How long the answer to the agent is at most, in bytes.
    var most: Int?

    var testDescription: String { attack }

    static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Vectors/attacks")

    static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

    /// Without a file that is none, which a test of its own finds.
    static let all = files.compactMap { try? Self(file: $0) }

    init(file name: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: Self.folder.appendingPathComponent(name)))
    }
}

struct AttackTests {
    @Test(arguments: Attack.files)
    func everyFileIsAnAttack(name: String) throws {
        _ = try Attack(file: name)
    }

    @Test func thereAreAsManyAttacksAsFiles() {
        #expect(Attack.all.count == Attack.files.count)
        #expect(Attack.all.count >= 100)
    }

    @Test(arguments: Attack.all)
    func isStopped(attack: Attack) async throws {
        let reply = Spellings.filled(attack.reply ?? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        let bytes = Array(attack.bytes ?? Data())
        let target = try RecordingTarget { _ in [.text(reply), .bytes(bytes)] }
        let front = try await attack.front(of: target)
        let names = try attack.dns.map { try RebindingNameServer($0) }
        let files = attack.frames == nil ? nil : try TLSFiles(for: "IP:127.0.0.1")
        let port = "\(front?.port ?? target.port)"
        var environment: [String: String] = [:]
        if let names { environment["ATTACHE_PROXY_RESOLVER"] = "127.0.0.1:\(names.port)" }
        if let front, attack.certificate != "unknown" { environment["ATTACHE_PROXY_TRUST"] = front.certificateFile }
        let scene = try await ProxyScene(
            target,
            add: attack.add ?? ["--type", "API_KEY"],
            hosts: attack.hosts?.map { $0.replacing("PORT", with: port) },
            allow: attack.allow ?? "127.0.0.1/32",
            serve: files?.arguments ?? [],
            environment: environment
        )
        var request = scene.request(
            attack.method ?? "GET",
            attack.url.replacing("PORT", with: port).replacing("TOKEN", with: scene.token),
            fields: (attack.fields ?? []).map { $0.replacing("TOKEN", with: scene.token) },
            body: attack.body ?? ""
        )
        if let token = attack.token { request = request.replacing(scene.token, with: token) }
        let answer: String
        if let files, let plan = attack.plan(for: target, token: scene.token) {
            answer = try await HTTP2Client(scene.server, files).exchange(plan)
        } else {
            answer = try await scene.exchange(request)
        }
        var holes = attack.holes(in: answer, target.requests)
        if let lookups = attack.lookups, names?.lookups != lookups { holes.append("\(names?.lookups ?? 0) lookups") }
        if target.requests.isEmpty {
            // Nothing was opened for what was refused.
            let trail = try await scene.server.attache("audit", "list", "--json").output
            if trail.contains("\"milliseconds\"") { holes.append("opened") }
        }
        if scene.server.log.contains(ProxyScene.key) { holes.append("in the log") }
        #expect(holes == [])
        Tally.count(isStopped: holes.isEmpty)
    }
}

/// How many attacks were stopped, printed when all have been tried.
private enum Tally {
    private static let counts = Mutex((tried: 0, stopped: 0))

    static func count(isStopped: Bool) {
        let line: String? = counts.withLock { counts in
            counts.tried += 1
            if isStopped { counts.stopped += 1 }
            guard counts.tried == Attack.all.count else { return nil }
            return "attacks on the proxy: \(counts.stopped) of \(counts.tried) stopped\n"
        }
        if let line { FileHandle.standardOutput.write(Data(line.utf8)) }
    }
}

extension Attack {
    fileprivate func front(of target: RecordingTarget) async throws -> TLSFront? {
        guard let certificate else { return nil }
        let hasExpired = certificate == "expired"
        let name = certificate == "unknown" || hasExpired ? "target.test" : certificate
        return try await TLSFront(of: target, for: name, version: version ?? 1, hasExpired: hasExpired)
    }

    fileprivate func plan(for target: RecordingTarget, token: String) -> HTTP2Client.Plan? {
        guard var stream = frames else { return nil }
        stream.fields = stream.fields.map { field in
            field.map {
                $0.replacing("URL", with: url).replacing("PORT", with: "\(target.port)").replacing("TOKEN", with: token)
            }
        }
        var torn = stream
        torn.reset = true
        return HTTP2Client.Plan(streams: Array(repeating: torn, count: storm ?? 0) + [stream])
    }

    /// Where either side saw what it must not, or not what it must.
    fileprivate func holes(in answer: String, _ requests: [String]) -> [String] {
        var holes: [String] = []
        func expect(_ holds: Bool, _ what: String) { if !holds { holes.append(what) } }
        expect(requests.count == (target == .asked ? 1 : 0), "\(requests.count) requests")
        for (name, spelling) in Spellings.all { expect(!answer.contains(spelling), "the value, \(name)") }
        if let ends {
            expect(answer.contains("\n\(ends)") || answer.hasPrefix(ends), "another end: \(answer.prefix(200))")
        } else if let code {
            expect(answer.lowercased().contains("attache-error: \(code)"), "another answer: \(answer.prefix(200))")
        } else if frames != nil {
            expect(answer.contains("WHOLE\nHTTP/2 \(status ?? 200)"), "another answer: \(answer.prefix(200))")
        } else {
            expect(answer.hasPrefix("HTTP/1.1 \(status ?? 200)"), "another answer: \(answer.prefix(200))")
        }
        for text in hidden ?? [] { expect(!answer.contains(text), "the agent sees \(text)") }
        if let most { expect(answer.utf8.count <= most, "\(answer.utf8.count) bytes") }
        guard let sent = requests.first else { return holes }
        for text in absent ?? [] { expect(!sent.contains(text), "the target sees \(text)") }
        let values = sent.components(separatedBy: ProxyScene.key).count + sent.components(separatedBy: "key=sk-").count
        expect(values == 3, "the value more or less than once")
        return holes
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
