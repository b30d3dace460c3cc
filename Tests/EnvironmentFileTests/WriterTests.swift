// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing
import VaultModel

struct WriterTests {
    private func written(_ value: String, for dialect: Dialect? = nil) throws -> EnvironmentFileWriter {
        var writer = EnvironmentFileWriter(for: dialect, comment: "c")
        writer.append(try EnvironmentName("A"), value)
        return writer
    }

    /// Values, how they are written, and who does not take them for what they are.
    @Test(arguments: [
        ("", "A=", []), ("eu-west-3", "A=eu-west-3", []), ("aGk=", "A=aGk=", []),
        ("https://x.example:80/a", "A=https://x.example:80/a", []),
        ("a b", "A='a b'", ["docker"]), ("a#b", "A='a#b'", ["docker"]), ("$HOME", "A='$HOME'", ["docker"]),
        ("${HOME}", "A='${HOME}'", ["docker", "python"]), ("it's", "A=\"it's\"", ["docker"]),
        ("a\nb", "A='a\nb'", ["docker"]), ("a\n\nb", "A='a\n\nb'", ["direnv", "docker"]),
    ])
    func aValueIsWrittenAsMostReadersTakeIt(value: String, line: String, others: [String]) throws {
        let writer = try written(value)
        #expect(writer.text.hasSuffix("\n\(line)\n"))
        #expect(writer.differences.flatMap { $0.readers.map(\.rawValue) } == others)
        #expect(writer.text.contains("# read otherwise") == !others.isEmpty)
        #expect(parse(writer.text).values == ["A": value])
    }

    @Test(arguments: Dialect.allCases, 0..<4 as Range<UInt64>)
    func whatIsWrittenForADialectIsReadBackByIt(_ dialect: Dialect, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            var values: [String: String] = [:]
            var writer = EnvironmentFileWriter(for: dialect, comment: "c")
            for index in 0..<Int.random(in: 1...8, using: &random) {
                let name = try EnvironmentName("N\(index)")
                let value = Self.value(using: &random)
                values[name.text] = value
                writer.append(name, value)
            }
            for name in writer.unwritten {
                let value = values.removeValue(forKey: name.text) ?? ""
                #expect(!Self.canBeWritten(value, for: dialect), "\(dialect) \(value.debugDescription)")
            }
            #expect(parse(writer.text, as: dialect).values == values, "\(writer.text)")
        }
    }

    @Test(arguments: 0..<4 as Range<UInt64>)
    func whatIsWrittenForAllIsReadBackByEachThatIsNotNamed(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<60 {
            let value = Self.value(using: &random)
            let writer = try written(value)
            #expect(writer.unwritten.isEmpty)
            #expect(parse(writer.text).values == ["A": value])
            let others = writer.differences.flatMap(\.readers)
            for dialect in Dialect.allCases where !others.contains(ReaderProgram(dialect)) {
                #expect(parse(writer.text, as: dialect).values == ["A": value], "\(dialect): \(writer.text)")
            }
        }
    }

    @Test(arguments: ["\u{1}", "a\u{7F}", "\u{85}"])
    func whatNoFormReadsBackIsAComment(value: String) throws {
        let writer = try written(value)
        #expect(writer.unwritten == [try EnvironmentName("A")])
        #expect(parse(writer.text).values.isEmpty)
        #expect(writer.text.hasSuffix("\n# A=\n"))
    }

    private static let scalars = Array(
        "abcXYZ019  \t\n\r#'\"\\$$`=;:{}[]()%-\u{E9}\u{20AC}\u{1F600}\u{A0}\u{301}".unicodeScalars
    )

    private static func value(using random: inout SeededGenerator) -> String {
        var value = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            value.unicodeScalars.append(scalars.randomElement(using: &random) ?? "a")
        }
        return value
    }

    /// Whether a reader certainly has a form for the value: Node.js and the gem drop a CR, docker knows one line only.
    private static func canBeWritten(_ value: String, for dialect: Dialect) -> Bool {
        func has(_ scalar: Unicode.Scalar) -> Bool { value.unicodeScalars.contains(scalar) }
        return switch dialect {
        case .attache, .compose, .python, .shell, .systemd: true
        case .docker: !has("\n") && !has("\r")
        case .node: !has("\r") && !(has("'") && has("\"") && has("`"))
        case .ruby: !has("\r") && value.unicodeScalars.last != "\\"
        }
    }
}
