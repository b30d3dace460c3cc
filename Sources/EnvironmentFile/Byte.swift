// SPDX-License-Identifier: Apache-2.0

/// The bytes that mean something in a `.env` file.
enum Byte {
    static let tab = UInt8(ascii: "\t")
    static let lineFeed = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let quote = UInt8(ascii: "\"")
    static let hash = UInt8(ascii: "#")
    static let dollar = UInt8(ascii: "$")
    static let apostrophe = UInt8(ascii: "'")
    static let colon = UInt8(ascii: ":")
    static let equals = UInt8(ascii: "=")
    static let backslash = UInt8(ascii: "\\")
    static let backtick = UInt8(ascii: "`")
}

extension UInt8 {
    /// Space or tab; no other character separates anything.
    var isBlank: Bool { self == Byte.space || self == Byte.tab }
}
