// SPDX-License-Identifier: Apache-2.0

/// The address by which a person logs in and is invited, in the one form in which it is compared.
///
/// Blanks at the ends are dropped and letters are folded, so that no variant of an address is another account or counts
/// its failures anew. ASCII only: a domain in another script is written in its `xn--` form. At most 254 bytes
/// (RFC 5321 §4.5.3.1), without quotes, blanks or control characters, so that it can stand in a mail's header.
package struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init?(_ text: String) {
        let folded = text.trimmingBlanks.lowercased()
        guard folded.utf8.count <= 254, folded.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let parts = folded.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count) else { return nil }
        guard parts[0].utf8.allSatisfy(Self.isLocal), parts[0].first != ".", parts[0].last != ".",
            !parts[0].contains("..")
        else { return nil }
        let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
        guard !labels.isEmpty, labels.allSatisfy(Self.isLabel) else { return nil }
        self.text = folded
    }

    package var description: String { text }

    private static func isLocal(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || "!#$%&'*+/=?^_`{|}~-.".utf8.contains(byte)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
}

extension String {
    fileprivate var trimmingBlanks: String {
        var text = self[...]
        while text.first == " " || text.first == "\t" { text.removeFirst() }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }
}
