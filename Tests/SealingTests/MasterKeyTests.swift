// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

struct MasterKeyTests {
    // The same 32 bytes in each form; 0xFB gives the digits `+` and `/`.
    private static let bytes: [UInt8] = [0xFB, 0xFF, 0xBE, 0x0A] + (4..<32).map { $0 }
    private static let hexadecimal = "fbffbe0a0405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    private static let base64 = "+/++CgQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

    struct File: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let contents: [UInt8]

        init(_ description: String, _ contents: some Sequence<UInt8>) {
            testDescription = description
            self.contents = Array(contents)
        }
    }

    private static func key(_ contents: [UInt8]) throws(SealingError) -> MasterKey {
        try MasterKey(fileContents: SecretBytes(copying: contents))
    }

    static let accepted = [
        File("hexadecimal", hexadecimal.utf8),
        File("hexadecimal in upper case", hexadecimal.uppercased().utf8),
        File("base64", base64.utf8),
        File("raw", bytes),
    ]

    @Test(arguments: accepted, ["", "\n", "\r\n"])
    func aKeyIsReadInEachFormWithOrWithoutALineEnd(file: File, end: String) throws {
        #expect(try Self.key(file.contents + end.utf8).id == Self.key(Self.bytes).id)
    }

    @Test(arguments: [0x0A, 0x0D])
    func aRawKeyMayEndInTheByteOfALineEnd(last: UInt8) throws {
        let bytes: [UInt8] = Self.bytes.dropLast() + [last]
        #expect(try Self.key(bytes).id == Self.key(bytes + [0x0A]).id)
        #expect(try Self.key(bytes).id != Self.key(Self.bytes).id)
    }

    static let refused: [(File, MasterKeyFlaw)] = [
        (File("empty", []), .tooShort(bytes: 0, expected: 64)),
        (File("a line end", "\n".utf8), .tooShort(bytes: 0, expected: 64)),
        (File("31 bytes", bytes.dropLast()), .tooShort(bytes: 31, expected: 32)),
        (File("33 bytes", bytes + [1]), .notAKey(bytes: 33)),
        (File("64 bytes", bytes + bytes), .notAKey(bytes: 64)),
        (File("65 bytes", bytes + bytes + [1]), .tooLong(bytes: 65, expected: 64)),
        (File("63 digits", hexadecimal.dropLast().utf8), .tooShort(bytes: 63, expected: 64)),
        (File("65 digits", (hexadecimal + "0").utf8), .tooLong(bytes: 65, expected: 64)),
        (File("32 digits", hexadecimal.prefix(32).utf8), .tooShort(bytes: 32, expected: 64)),
        (File("31 digits and a line end", (hexadecimal.prefix(31) + "\n").utf8), .tooShort(bytes: 31, expected: 64)),
        (File("a digit that is none", (hexadecimal.dropLast() + "g").utf8), .tooLong(bytes: 64, expected: 44)),
        (File("0x in front", ("0x" + hexadecimal).utf8), .tooLong(bytes: 66, expected: 44)),
        (File("a blank inside", (hexadecimal.prefix(32) + " " + hexadecimal.suffix(31)).utf8), .notAKey(bytes: 64)),
        (File("a blank in front", (" " + hexadecimal).utf8), .tooLong(bytes: 65, expected: 64)),
        (File("a blank behind", (hexadecimal + " ").utf8), .tooLong(bytes: 65, expected: 64)),
        (File("two line ends", (hexadecimal + "\n\n").utf8), .tooLong(bytes: 65, expected: 64)),
        (File("a carriage return alone", (hexadecimal + "\r").utf8), .tooLong(bytes: 65, expected: 64)),
        (File("a line end in front", ("\n" + base64).utf8), .notAKey(bytes: 45)),
        (File("base64 without padding", base64.dropLast().utf8), .tooShort(bytes: 43, expected: 44)),
        (File("base64 of URLs", ("-_--" + base64.dropFirst(4)).utf8), .notAKey(bytes: 44)),
        (File("base64 with bits left over", (base64.dropLast(2) + "9=").utf8), .notAKey(bytes: 44)),
        (File("base64 of 33 bytes", (base64.dropLast() + "A").utf8), .notAKey(bytes: 44)),
        (File("padding inside", ("=" + base64.dropFirst()).utf8), .notAKey(bytes: 44)),
        (File("a byte order mark", [0xEF, 0xBB, 0xBF] + hexadecimal.utf8), .tooLong(bytes: 67, expected: 64)),
        (File("prose", String(repeating: "not a key. ", count: 9).utf8), .tooLong(bytes: 99, expected: 64)),
    ]

    @Test(arguments: refused)
    func anythingElseIsRefusedWithItsCounts(file: File, flaw: MasterKeyFlaw) {
        #expect(throws: SealingError.malformedMasterKey(flaw)) { try Self.key(file.contents) }
    }

    @Test func whatIsWrittenToAFileIsReadBackAsTheSameKey() throws {
        let key = MasterKey.generate()
        let contents = key.withFileContents { [UInt8]($0) }
        #expect(contents.count == 65)
        #expect(contents.last == UInt8(ascii: "\n"))
        #expect(try Self.key(contents).id == key.id)
        let wrapped = KeyRing.generate().wrapped(under: key)
        _ = try KeyRing(unwrapping: wrapped, under: Self.key(contents))
    }

    @Test func generatedKeysAreNeverTheSame() {
        #expect(Set((0..<100).map { _ in MasterKey.generate().id }).count == 100)
    }

    @Test func anIDIsSixteenDigitsAndSaysNothingOfTheKey() throws {
        let id = try Self.key(Self.bytes).id
        #expect(id.text.count == 16)
        #expect(!Self.hexadecimal.contains(id.text))
        #expect(MasterKeyID(id.text) == id)
    }

    @Test(arguments: ["", "0123456789abcde", "0123456789abcdef0", "0123456789ABCDEF", "0123456789abcdeg"])
    func aTextOfAnotherFormIsNoID(text: String) {
        #expect(MasterKeyID(text) == nil)
    }
}
