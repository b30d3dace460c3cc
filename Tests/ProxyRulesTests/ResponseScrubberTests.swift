// SPDX-License-Identifier: Apache-2.0

import Foundation
import ProxyRules
import Testing
import VaultModel

struct ResponseScrubberTests {
    static let secret = "sk-ant-c4n4ry/+_=<&\"'~q9Z"

    /// Every spelling that an answer was seen, or can be expected, to use.
    static let spellings: [String] = {
        let bytes = Array(secret.utf8)
        func each(_ body: (UInt8) -> String) -> String { bytes.map(body).joined() }
        func hex(_ byte: UInt8, _ format: String) -> String { String(format: format, byte) }
        let html = ["&": "&amp;", "<": "&lt;", "\"": "&quot;", "'": "&#39;", "/": "&#x2F;", "=": "&#061;"]
        let mixed = bytes.enumerated().map { index, byte in
            ["%%%02x", "\\u00%02X", "&#x%x;", "&#%d;", "\\x%02x"].map { hex(byte, $0) }[index % 5]
        }
        // Browsers decode numbers, and names as old as HTML 2, without the semicolon too.
        let open = ["&": "&amp", "<": "&lt", "\"": "&quot", "'": "&#39", "/": "&#x2F", "=": "&#061"]
        let openAndMixed = bytes.enumerated().map { index, byte in
            ["&#x%02x", "%%%02x", "&#%d", "&#%d;", "\\u00%02X"].map { hex(byte, $0) }[index % 5]
        }
        var all = [
            secret, each { hex($0, "%%%02X") }, each { hex($0, "%%%02x") }, each { hex($0, "%%25%02x") },
            each { hex($0, "\\u00%02x") }, each { hex($0, "\\u00%02X") }, each { hex($0, "\\\\u00%02x") },
            each { hex($0, "\\x%02x") }, each { hex($0, "&#%d;") }, each { hex($0, "&#%05d;") },
            each { hex($0, "&#x%02x;") },
            each { hex($0, "&#%d") }, each { hex($0, "&#%05d") }, each { hex($0, "&#x%02x") },
            each { hex($0, "&#X%04X") },
            secret.map { open[String($0)] ?? String($0) }.joined(), openAndMixed.joined(),
            each { hex($0, "&#X%04X;") }, each { hex($0, "=%02X") }, each { hex($0, "%02x") }, each { hex($0, "%02X") },
            secret.replacing("/", with: "\\/").replacing("\"", with: "\\\""), mixed.joined(),
            secret.map { html[String($0)] ?? String($0) }.joined(), "Bearer \(secret)",
            secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "",
        ]
        for before in ["", "u", "us", "user:", "user1:", "user12:"] {
            for after in ["", "\n", "xy", "xyz"] {
                let standard = Data((before + secret + after).utf8).base64EncodedString()
                all.append(standard)
                all.append(standard.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""))
                all.append(standard.replacing("/", with: "\\/"))
                all.append(standard.replacing("+", with: "%2B").replacing("/", with: "%2f"))
                all.append(standard.replacing("+", with: "&#43").replacing("/", with: "&#x2f"))
                all.append(Data((before + secret + after).utf8).base64EncodedString(options: [.lineLength64Characters]))
            }
        }
        return all
    }()

    @Test(arguments: spellings)
    func noSpellingComesThroughWhereverItIsCut(spelling: String) {
        let text = "{\"a\":\"\(spelling)\"}"
        // One for all: what it learned of a stream must not show in the next.
        var scrubber = Self.scrubber()
        let whole = scrub(text, cuts: [], with: &scrubber)
        #expect(whole.utf8.count == text.utf8.count)
        #expect(whole.contains("*****"))
        #expect(!leaks(whole))
        for cut in 1..<text.utf8.count { #expect(scrub(text, cuts: [cut], with: &scrubber) == whole) }
        #expect(scrub(text, cuts: Array(1..<text.utf8.count), with: &scrubber) == whole)
    }

    @Test func utf16ComesThroughInNeitherOrder() {
        for encoding in [String.Encoding.utf16LittleEndian, .utf16BigEndian] {
            let data = [UInt8](Self.secret.data(using: encoding) ?? Data())
            let output = scrub([UInt8](repeating: 7, count: 3) + data, sizes: [5])
            #expect(output.count { $0 == UInt8(ascii: "*") } >= data.count - 1)
        }
    }

    @Test(arguments: UInt64(0)..<60)
    func everyOtherByteIsUnchangedHoweverTheStreamIsCut(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        // Many beginnings of finds, none of them whole.
        let pieces =
            ["sk-", "sk-ant-", "%73", "\\u0073", "&#x", "736B", "c2st", "\r\n", "=", "\\", "%25", "s"].map {
                Array($0.utf8)
            }
            + [Array(Self.secret.utf8.dropLast(4))]
        var bytes: [UInt8] = []
        for _ in 0..<60 {
            bytes += pieces.randomElement(using: &random) ?? []
            if Bool.random(using: &random) { bytes.append(UInt8.random(in: 0...255, using: &random)) }
        }
        let sizes = (0..<bytes.count).map { _ in Int.random(in: 1...9, using: &random) }
        let isUnchanged = scrub(bytes, sizes: sizes) == bytes
        #expect(isUnchanged)
    }

    @Test(arguments: UInt64(0)..<60)
    func aSecretInNoiseNeverComesThrough(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var text = ""
        for _ in 0..<8 {
            text += Self.spellings.randomElement(using: &random) ?? ""
            text += ["", "\n\n", "data: ", "sk-ant-", "==", "\\"].randomElement(using: &random) ?? ""
        }
        let sizes = (0..<text.utf8.count).map { _ in Int.random(in: 1...40, using: &random) }
        let output = scrub(Array(text.utf8), sizes: sizes)
        #expect(output.count == text.utf8.count)
        #expect(!leaks(String(decoding: output, as: UTF8.self)))
    }

    @Test func anEventOfAStreamIsNotHeldBack() {
        var scrubber = Self.scrubber()
        for _ in 0..<100 {
            let event = Array("data: {\"text\":\"hello\"}\n\n".utf8)
            #expect(pass(event, through: &scrubber) == event)
        }
    }

    @Test func onlyWhatMayBeAFindIsHeldBack() {
        var scrubber = Self.scrubber()
        #expect(pass(Array("abc sk-a".utf8), through: &scrubber) == Array("abc ".utf8))
        #expect(pass(Array("x".utf8), through: &scrubber) == Array("sk-ax".utf8))
        #expect(pass(Array("sk-ant-".utf8), through: &scrubber).isEmpty)
        var rest: [UInt8] = []
        scrubber.finish { rest += $0 }
        #expect(rest == Array("sk-ant-".utf8))
    }

    @Test func overlappingFindsAreAllMasked() {
        var scrubber = ResponseScrubber([
            SharedSecret(copying: "abcabcab".utf8), SharedSecret(copying: "cabcabcab".utf8),
        ])
        #expect(scrubber.scrubbed("xabcabcabcabcaby") == "x**************y")
    }

    @Test func binaryPassesUnchanged() {
        var random = SeededGenerator(seed: 7)
        let bytes = (0..<60_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let isUnchanged = scrub(bytes, sizes: [4_096, 1, 65_536]) == bytes
        #expect(isUnchanged)
    }

    @Test func aHostileStreamDoesNotGrowTheAutomatonWithoutEnd() {
        var random = SeededGenerator(seed: 8)
        let alphabet = Array("sk-%25&#x0;\\u7362c2tABa=\r\n".utf8)
        let bytes = (0..<40_000).map { _ in alphabet.randomElement(using: &random) ?? 0 }
        let isUnchanged = scrub(bytes, sizes: [1_000]) == bytes
        #expect(isUnchanged)
    }

    @Test func findsAreCounted() {
        var scrubber = Self.scrubber()
        #expect(scrubber.scrubbed("nothing") == "nothing")
        #expect(scrubber.finds == 0)
        _ = scrubber.scrubbed("https://x.test/?key=\(Self.secret)")
        #expect(scrubber.finds == 1)
    }

    @Test func whatOneCopyIsLedToChangesNoOther() {
        var one = Self.scrubber()
        #expect(pass(Array("abc sk-a".utf8), through: &one) == Array("abc ".utf8))
        var other = one
        let states = one.stateCount
        let secret = Array(Self.secret.utf8)
        #expect(pass(Array(secret.dropFirst(4)), through: &other) == secret.map { _ in UInt8(ascii: "*") })
        #expect(other.stateCount > states)
        #expect(one.stateCount == states)
        #expect(pass(Array("x".utf8), through: &one) == Array("sk-ax".utf8))
    }

    private static func scrubber() -> ResponseScrubber { ResponseScrubber([SharedSecret(copying: secret.utf8)]) }

    private func pass(_ bytes: [UInt8], through scrubber: inout ResponseScrubber) -> [UInt8] {
        var bytes = bytes
        var output: [UInt8] = []
        bytes.withUnsafeMutableBytes { scrubber.scrub($0) { output += $0 } }
        return output
    }

    private func scrub(_ bytes: [UInt8], sizes: [Int]) -> [UInt8] {
        var scrubber = Self.scrubber()
        return scrub(bytes, sizes: sizes, with: &scrubber)
    }

    private func scrub(_ bytes: [UInt8], sizes: [Int], with scrubber: inout ResponseScrubber) -> [UInt8] {
        var output: [UInt8] = []
        var rest = bytes[...]
        var turn = 0
        while !rest.isEmpty {
            output += pass(Array(rest.prefix(sizes[turn % sizes.count])), through: &scrubber)
            rest = rest.dropFirst(sizes[turn % sizes.count])
            turn += 1
        }
        scrubber.finish { output += $0 }
        return output
    }

    private func scrub(_ text: String, cuts: [Int], with scrubber: inout ResponseScrubber) -> String {
        let bytes = Array(text.utf8)
        let ends = cuts + [bytes.count]
        let sizes = zip([0] + cuts, ends).map { $1 - $0 }
        return String(decoding: scrub(bytes, sizes: sizes, with: &scrubber), as: UTF8.self)
    }

    /// Undoes what a reader of the answer could undo and looks for a good part of the secret.
    private func leaks(_ text: String) -> Bool {
        let part = String(Self.secret.dropFirst(4).prefix(12))
        let plain = text.removingPercentEncoding ?? text
        let hex = Array(part.utf8).map { String(format: "%02x", $0) }.joined()
        return text.contains(part) || plain.contains(part) || text.lowercased().contains(hex)
    }
}

/// Repeats its numbers for a seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
