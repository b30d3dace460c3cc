// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing

struct LimitTests {
    @Test func aFileOfOneMebibyteIsRead() {
        let comment = [UInt8](repeating: UInt8(ascii: "#"), count: (1 << 20) - 4) + Array("\nA=1".utf8)
        #expect(parse(comment).values == ["A": "1"])
        #expect(parse(comment).places == ["1 W_LONG_LINE"])
        #expect(parse(comment + [0x0A]).places == ["1 E_FILE_TOO_LARGE"])
    }

    @Test func aLineOfTenMegabytesIsRefusedUnread() {
        let line = Array("A=".utf8) + [UInt8](repeating: 0xFF, count: 10_000_000)
        #expect(parse(line).places == ["1 E_FILE_TOO_LARGE"])
    }

    @Test func twoThousandEntriesAreReadAndOneMoreIsNot() {
        let entries = (0..<2_000).map { "N\($0)=v\n" }.joined()
        #expect(parse(entries).entries.count == 2_000)
        #expect(parse(entries + "N7=w\n").entries.count == 2_000)
        let tooMany = parse(entries + "X=v\nY=v\nnot a line\n")
        #expect(tooMany.places == ["2001 E_TOO_MANY", "2003 E_NO_EQUALS"])
        #expect(tooMany.entries.isEmpty)
    }

    @Test(arguments: ["A", "LONGER_NAME"], ["", "'", "\""])
    func aVariableHasAsManyBytesAsTheKernelTakes(name: String, quote: String) {
        let longest = String(repeating: "x", count: 131_071 - name.utf8.count - 1)
        #expect(parse("\(name)=\(quote)\(longest)\(quote)\n").values == [name: longest])
        #expect(parse("\(name)=\(quote)\(longest)x\(quote)\n").places == ["1 E_TOO_LONG", "1 W_LONG_LINE"])
    }

    @Test func theDecodedLengthCounts() {
        let value = String(repeating: "\\n", count: 131_071 - 2)
        #expect(parse("A=\"\(value)\"\n").values["A"]?.utf8.count == 131_071 - 2)
        #expect(parse("A=\"\(value)\\n\"\n").places == ["1 E_TOO_LONG", "1 W_LONG_LINE"])
    }

    @Test func aNameHasAtMost128Bytes() {
        let name = String(repeating: "N", count: 128)
        #expect(parse("\(name)=1\n").values == [name: "1"])
        #expect(parse("\(name)N=1\n").places == ["1 E_NAME"])
    }

    @Test func aLongLineIsOneOfMoreThan65535Bytes() {
        let value = String(repeating: "x", count: 65_535 - 2)
        #expect(parse("A=\(value)\r\n").places == [])
        #expect(parse("A=\(value)x\r\n").places == ["1 W_LONG_LINE"])
        #expect(parse("A='\n\(value)xxx\n'\n").places == ["1 W_MULTILINE", "2 W_LONG_LINE"])
    }

    @Test(arguments: [[0xFF, 0xFE, 0x41, 0], [0xFE, 0xFF, 0, 0x41], [0xFF, 0xFE, 0, 0], [0, 0, 0xFE, 0xFF]])
    func anotherEncodingIsToldByItsByteOrderMark(_ bytes: [UInt8]) {
        #expect(parse(bytes).places == ["1 E_ENCODING"])
    }

    /// Sequences that are not well-formed: stray and missing tails, overlong forms, surrogates, beyond U+10FFFF.
    static let malformed: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
        [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
        [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF],
    ]

    @Test(arguments: malformed)
    func whatIsNotUTF8IsRefused(_ bytes: [UInt8]) {
        #expect(parse(Array("A=1\nB=x".utf8) + bytes + [0x0A]).places == ["2 E_UTF8"])
        #expect(parse(Array("A=1\nB=x".utf8) + bytes).places == ["2 E_UTF8"])
    }

    @Test func everyScalarThatIsNotAControlIsKept() {
        let scalars = (0xA0...0x10FFFF).lazy.compactMap(Unicode.Scalar.init).striding(by: 61)
        var value = ""
        for scalar in scalars where value.utf8.count < 100_000 { value.unicodeScalars.append(scalar) }
        #expect(parse("A='\(value)'\n").values == ["A": value])
    }

    /// Short lines that make a reader look far ahead, if it does so for each of them.
    static let repeated = [
        "A=\"\n", "A='\\'\n", "1=\"\n", "A=-----BEGIN X\n", "A=\"\"\"\n", "A=\\\n", "A=\"\\\n", "x\n", "A='\nB=\"\n",
        "A=$#\n",
    ]

    @Test(.timeLimit(.minutes(2)), arguments: repeated)
    func theTimeGrowsWithTheSizeOnly(_ line: String) {
        let parsed = parse(String(repeating: line, count: 300_000 / line.utf8.count))
        #expect(!parsed.findings.isEmpty)
    }
}

extension Sequence {
    /// Every `stride`-th element, the first one first.
    fileprivate func striding(by stride: Int) -> [Element] {
        enumerated().filter { $0.offset.isMultiple(of: stride) }.map(\.element)
    }
}
