// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

extension UInt8 {
    /// A byte of a token (RFC 9110 §5.6.2).
    var isOfToken: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^")...UInt8(ascii: "`"), UInt8(ascii: "|"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }

    /// What it is as a digit of base 16; nil where it is none.
    var hexDigit: Int? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(self - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(self - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(self - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    /// A byte of a value, a reason or an extension: no character of control but a tab (RFC 9110 §5.5).
    var isOfText: Bool { self >= 0x20 && self != 0x7F || self == 0x09 }
}

extension StringProtocol {
    /// Whether it is `word`, which is in lower case, with letters of either case.
    ///
    /// Of ASCII alone: to `lowercased()` the sign of kelvin is a k as well, which no other recipient reads so.
    func isAnyCase(of word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            utf8.elementsEqual(word) { byte, letter in
                byte == letter || (0x61...0x7A).contains(letter) && byte == letter & 0xDF
            }
        }
    }
}

extension ByteBuffer {
    /// Lends `body` what is to be read.
    func read<Result>(
        _ body: (UnsafeRawBufferPointer) throws(MessageFault) -> Result
    ) throws(MessageFault) -> Result {
        let result: Swift.Result<Result, MessageFault> = withUnsafeReadableBytes { bytes in
            do throws(MessageFault) {
                return .success(try body(bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
