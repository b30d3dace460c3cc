// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What there is to say about one value, each thing once.
struct ValueNotes {
    private(set) var codes: [FindingCode] = []

    mutating func add(_ code: FindingCode) {
        if !codes.contains(code) { codes.append(code) }
    }

    mutating func take(_ quoted: QuotedValue) {
        if quoted.hasEscape { add(.escape) }
        if quoted.hasUnknownEscape { add(.unknownEscape) }
        if quoted.hasDollar { add(.dollar) }
        if quoted.lineFeeds > 0 { add(.multiline) }
        if quoted.swallowsAssignment { add(.swallowsAssignment) }
    }

    mutating func lookAtUnquoted(_ text: UnsafeRawBufferPointer) {
        for byte in text {
            switch byte {
            case Byte.hash: add(.hashInValue)
            case Byte.dollar: add(.dollar)
            case Byte.backslash: add(.backslash)
            case Byte.quote, Byte.apostrophe: add(.innerQuote)
            case Byte.space, Byte.tab: add(.unquotedSpace)
            default: continue
            }
        }
    }

    /// Looks at the value itself, however it was written.
    mutating func lookAtValue(_ value: borrowing SecretBytes) {
        if value.isEmpty { add(.empty) }
        value.withBytes { bytes in
            for index in bytes.indices where bytes[index] >= 0xC2 {
                let rest = bytes[index...]
                if Self.invisible.contains(where: { rest.starts(with: $0) }) { add(.invisible) }
                if Self.smartQuotes.contains(where: { rest.starts(with: $0) }) { add(.smartQuote) }
            }
            if Self.foreignForms.contains(where: { bytes.starts(with: $0) }) { add(.notAValue) }
        }
    }

    /// No-break space, soft hyphen, zero-width and directional characters, and the byte order mark.
    private static let invisible: [[UInt8]] = [
        "\u{A0}", "\u{AD}", "\u{200B}", "\u{200C}", "\u{200D}", "\u{200E}", "\u{200F}", "\u{202A}", "\u{202B}",
        "\u{202C}", "\u{202D}", "\u{202E}", "\u{2060}", "\u{2066}", "\u{2067}", "\u{2068}", "\u{2069}", "\u{FEFF}",
    ].map { Array($0.utf8) }

    private static let smartQuotes: [[UInt8]] = ["\u{2018}", "\u{2019}", "\u{201C}", "\u{201D}"].map { Array($0.utf8) }

    /// What dotenvx, sops, 1Password, bank-vaults and berglas write in the place of a value.
    private static let foreignForms: [[UInt8]] = ["encrypted:", "ENC[", "op://", "vault:", "sm://", "berglas://"]
        .map { Array($0.utf8) }
}
