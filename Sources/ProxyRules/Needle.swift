// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// One spelling of a secret that a scrubber looks for: a row of elements, each of which may be written in several ways.
struct Needle: Sendable {
    enum Form: Sendable {
        /// Every byte bare or in any escape of ``Spelling/escapes``, mixed as an answer may mix them.
        case text
        /// Two hexadecimal digits for a byte, in either case.
        case hexadecimal
        /// The digits of base64 that are the same whatever stands before and after, in either alphabet, each bare or
        /// escaped; a line may break between any two.
        case base64
        /// UTF-16 of either order, without the zero byte at its end or its beginning.
        case wide
    }

    let form: Form
    /// The secret, or for base64 its digits.
    let bytes: SharedSecret

    var count: Int {
        switch form {
        case .text, .base64: bytes.bytes.count
        case .hexadecimal: bytes.bytes.count * 2
        case .wide: bytes.bytes.count * 2 - 1
        }
    }

    /// Every spelling of `secret`.
    static func all(of secret: SharedSecret) -> [Needle] {
        [
            Needle(form: .text, bytes: secret), Needle(form: .hexadecimal, bytes: secret),
            Needle(form: .wide, bytes: secret),
        ]
            + (0..<3).map { Needle(form: .base64, bytes: base64(secret, after: $0)) }
    }

    /// The digits that are `secret`'s alone when `offset` bytes precede it in its group of three.
    private static func base64(_ secret: SharedSecret, after offset: Int) -> SharedSecret {
        secret.bytes.withBytes { bytes in
            let first = (offset * 8 + 5) / 6
            let last = (offset + bytes.count) * 8 / 6
            return SharedSecret(
                SecretBytes(count: last - first) { digits in
                    for (place, digit) in (first..<last).enumerated() {
                        // Counted from the first bit of the group; bits before the secret are never asked for.
                        var value = 0
                        for bit in (digit * 6 - offset * 8)..<(digit * 6 - offset * 8 + 6) {
                            value = value << 1 | Int(bytes[bit / 8] >> UInt8(7 - bit % 8) & 1)
                        }
                        digits[place] = Base64Text.standard[value]
                    }
                }
            )
        }
    }

    /// Whether `byte`, as the one at `offset` of the spelling `spelling` of the element `element`, is right; and whether
    /// the element ends with it.
    func step(_ element: Int, _ spelling: Int, _ offset: Int, _ byte: UInt8) -> Spelling.Step {
        bytes.bytes.withBytes { bytes in
            switch form {
            case .hexadecimal:
                let whole = bytes[element / 2]
                let nibble = element % 2 == 0 ? whole >> 4 : whole & 15
                return hexadecimalDigit(byte) == nibble ? .ends : .wrong
            case .wide:
                return byte == (element % 2 == 0 ? bytes[element / 2] : 0) ? .ends : .wrong
            case .text: return Spelling.step(bytes[element], spelling, offset, byte)
            case .base64:
                let digit = bytes[element]
                let step = Spelling.step(digit, spelling, offset, byte)
                guard step == .wrong, let other = Self.urlDigit(digit) else { return step }
                return Spelling.step(other, spelling, offset, byte)
            }
        }
    }

    /// What the spellings of the first element begin with.
    var firstBytes: ByteSet {
        bytes.bytes.withBytes { bytes in
            guard let first = bytes.first else { return [] }
            switch form {
            case .hexadecimal: return ByteSet((0...255).filter { hexadecimalDigit($0) == first >> 4 })
            case .wide: return [first]
            case .text: return Spelling.openers.union([first])
            case .base64: return Spelling.openers.union([first, Self.urlDigit(first) ?? first])
            }
        }
    }

    var spellings: Int {
        switch form {
        case .text, .base64: Spelling.templates.count
        case .hexadecimal, .wide: 1
        }
    }

    var mayBreak: Bool {
        if case .base64 = form { true } else { false }
    }

    /// RFC 4648 §5.
    private static func urlDigit(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "+"): UInt8(ascii: "-")
        case UInt8(ascii: "/"): UInt8(ascii: "_")
        default: nil
        }
    }
}

/// How one byte may be written in an answer.
enum Spelling {
    enum Step: Sendable {
        case wrong, goesOn, ends
        /// It ends here, and a semicolon may follow.
        case endsBeforeSemicolon
    }

    /// What stands for a part of the byte in a template; everything else stands for itself.
    private enum Part {
        static let bare: UInt8 = 0x80
        static let high: UInt8 = 0x81
        static let low: UInt8 = 0x82
        static let hundreds: UInt8 = 0x83
        static let tens: UInt8 = 0x84
        static let ones: UInt8 = 0x85
        static let letterX: UInt8 = 0x86
    }

    /// Bare first: it is the one that nearly always decides.
    static let templates: [[UInt8]] = {
        let pair = [Part.high, Part.low]
        var templates: [[UInt8]] = [
            [Part.bare],
            // Percent escapes, once and twice (RFC 3986 §2.1), and quoted-printable (RFC 2045 §6.7).
            Array("%".utf8) + pair,
            Array("%25".utf8) + pair,
            Array("=".utf8) + pair,
            // JSON (RFC 8259 §7), JSON in JSON, and what most languages share.
            Array("\\u00".utf8) + pair,
            Array("\\\\u00".utf8) + pair,
            Array("\\x".utf8) + pair,
            Array("\\".utf8) + [Part.bare],
            Array("\\\\".utf8) + [Part.bare],
            Array("\\\\\\".utf8) + [Part.bare],
        ]
        // HTML and XML, with as many leading zeros as anybody writes, up to the semicolon.
        for zeros in 0...5 {
            let padding = [UInt8](repeating: UInt8(ascii: "0"), count: zeros)
            templates.append(Array("&#".utf8) + [Part.letterX] + padding + pair)
            templates.append(Array("&#".utf8) + padding + [Part.hundreds, Part.tens, Part.ones])
        }
        templates.append(Array("&#".utf8) + [Part.tens, Part.ones])
        return templates + entities.map { Array("&\($0.name)".utf8) }
    }()

    /// What a spelling begins with that is not bare.
    static let openers = ByteSet(templates.compactMap { $0.first }.filter { $0 != Part.bare })

    /// Of these only the first four are decoded without a semicolon (WHATWG HTML §13.5).
    private static let entities: [(byte: UInt8, name: String)] = [
        (UInt8(ascii: "&"), "amp"), (UInt8(ascii: "<"), "lt"), (UInt8(ascii: ">"), "gt"), (UInt8(ascii: "\""), "quot"),
        (UInt8(ascii: "'"), "apos;"), (UInt8(ascii: "/"), "sol;"), (UInt8(ascii: "+"), "plus;"),
        (UInt8(ascii: "="), "equals;"), (UInt8(ascii: "_"), "lowbar;"), (UInt8(ascii: "-"), "hyphen;"),
        (UInt8(ascii: ":"), "colon;"), (UInt8(ascii: "."), "period;"),
    ]

    static func step(_ byte: UInt8, _ spelling: Int, _ offset: Int, _ found: UInt8) -> Step {
        let template = templates[spelling]
        let firstEntity = templates.count - entities.count
        if spelling >= firstEntity, entities[spelling - firstEntity].byte != byte { return .wrong }
        let isRight =
            switch template[offset] {
            case Part.bare: found == byte
            case Part.high: hexadecimalDigit(found) == byte >> 4
            case Part.low: hexadecimalDigit(found) == byte & 15
            case Part.hundreds: found == UInt8(ascii: "0") + byte / 100
            // Alone, without the hundreds, only for what is below 100.
            case Part.tens: found == UInt8(ascii: "0") + byte / 10 % 10 && (byte < 100 || offset > 2)
            case Part.ones: found == UInt8(ascii: "0") + byte % 10
            case Part.letterX: found | 0x20 == UInt8(ascii: "x")
            case let literal: found == literal
            }
        guard isRight else { return .wrong }
        guard offset + 1 == template.count else { return .goesOn }
        // Browsers take a reference for whole before its semicolon (WHATWG HTML §13.2.5.72 ff.).
        return template[0] == UInt8(ascii: "&") && found != UInt8(ascii: ";") ? .endsBeforeSemicolon : .ends
    }
}

/// Some of the 256 bytes.
struct ByteSet: ExpressibleByArrayLiteral, Sendable {
    private var words = SIMD4<UInt64>()

    init(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { words[Int(byte >> 6)] |= 1 << UInt64(byte & 63) }
    }

    init(arrayLiteral bytes: UInt8...) { self.init(bytes) }

    func contains(_ byte: UInt8) -> Bool { words[Int(byte >> 6)] >> UInt64(byte & 63) & 1 == 1 }

    func union(_ other: ByteSet) -> ByteSet {
        var both = self
        both.words |= other.words
        return both
    }
}
