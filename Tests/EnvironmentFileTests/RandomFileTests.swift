// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing
import VaultModel

struct RandomFileTests {
    private static let names = Array("ABZabz_019")
    private static let scalars = Array(
        "abcXYZ019 \t\n\r#'\"\\$`=;:{}[]%-\u{E9}\u{20AC}\u{1F600}\u{A0}\u{FEFF}".unicodeScalars
    )

    @Test(arguments: 0..<8 as Range<UInt64>)
    func whatIsWrittenInQuotesIsReadBack(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<100 {
            var pairs: [(name: String, value: String)] = []
            var file = ""
            for index in 0..<Int.random(in: 1...12, using: &random) {
                let letters = (0..<6).compactMap { _ in Self.names.randomElement(using: &random) }
                let name = "N\(index)_" + String(letters)
                var value = ""
                for _ in 0..<Int.random(in: 0...40, using: &random) {
                    value.unicodeScalars.append(try #require(Self.scalars.randomElement(using: &random)))
                }
                pairs.append((name, value))
                file += "\(name)=\(quoted(value, preferringSingle: Bool.random(using: &random)))\n"
            }
            let parsed = parse(file)
            #expect(parsed.findings.filter(\.isError) == [])
            #expect(parsed.entries.map(\.name.text) == pairs.map(\.name))
            #expect(parsed.entries.map(\.text) == pairs.map(\.value))
        }
    }

    private func quoted(_ value: String, preferringSingle: Bool) -> String {
        // In single quotes nothing can be escaped, and a backslash before the closing quote is refused.
        if preferringSingle, !value.utf8.contains(where: { "'\r".utf8.contains($0) }),
            value.utf8.last != UInt8(ascii: "\\")
        {
            return "'\(value)'"
        }
        var text = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\", "\"", "$": text += "\\" + String(scalar)
            case "\r": text += "\\r"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return "\"\(text)\""
    }

    @Test(arguments: 0..<16 as Range<UInt64>)
    func anyBytesGiveASoundAnswer(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces: [[UInt8]] =
            [
                "A", "B=", "=", "\"", "'", "\\", "\n", "\r\n", "\r", "#", " ", "\t", "`", "$x", ":", "export ",
                "-----BEGIN ", "-----END ", "\u{FEFF}", "\u{E9}", "\u{201C}", "a=1\n", "\"\"\"", "\u{0}",
            ].map { Array($0.utf8) } + [[0xFF], [0xC2], [0xE0], [0x80]]
        for _ in 0..<300 {
            // Half of the files from what means something, half from any byte.
            let bytes = (0..<Int.random(in: 0...40, using: &random)).flatMap { _ in
                seed.isMultiple(of: 2)
                    ? pieces[Int.random(in: 0..<pieces.count, using: &random)]
                    : [UInt8.random(in: 0...255, using: &random)]
            }
            let parsed = parse(bytes)
            #expect(isSound(parsed, of: bytes), "\(bytes)")
            #expect(parse(bytes).findings == parsed.findings)
            let strict = parse(bytes, strict: true)
            #expect(strict.places == parsed.places)
            #expect(strict.hasErrors == parsed.findings.contains { $0.severity != .info })
        }
    }

    private func isSound(_ parsed: ParsedEnvironment, of bytes: [UInt8]) -> Bool {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let keys = parsed.findings.map { "\($0.line) \($0.column) \($0.code)" }
        return parsed.hasErrors == parsed.findings.contains(where: \.isError)
            && (!parsed.hasErrors || parsed.entries.isEmpty)
            && Set(keys).count == keys.count
            && parsed.findings.allSatisfy { finding in
                (1...lines.count).contains(finding.line)
                    && (1...(lines[finding.line - 1].count + 1)).contains(finding.column)
            }
            && zip(parsed.findings, parsed.findings.dropFirst()).allSatisfy {
                ($0.line, $0.column) <= ($1.line, $1.column)
            }
            && zip(parsed.entries, parsed.entries.dropFirst()).allSatisfy { $0.line < $1.line }
            && Set(parsed.entries.map(\.name)).count == parsed.entries.count
    }
}
