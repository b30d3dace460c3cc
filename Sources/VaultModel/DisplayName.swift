// SPDX-License-Identifier: Apache-2.0

/// A name that people read: an agent's, a workspace's, a token's.
///
/// 1 to 128 characters without control characters and without blanks at either end, unique in its workspace ignoring
/// case.
package struct DisplayName: Hashable, Sendable, CustomStringConvertible {
    package static let maximumCharacters = 128

    package let text: String

    package init?(_ text: String) {
        // Of visible ASCII and blanks, which most names are, only the ends and the length can be wrong.
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) {
            let blank = UInt8(ascii: " ")
            guard (1...Self.maximumCharacters).contains(text.utf8.count) else { return nil }
            guard text.utf8.first != blank, text.utf8.last != blank else { return nil }
            self.text = text
            return
        }
        guard (1...Self.maximumCharacters).contains(text.unicodeScalars.count) else { return nil }
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            // Format characters reorder or hide the text around them in a terminal.
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                return nil
            default: continue
            }
        }
        guard text.first?.isWhitespace == false, text.last?.isWhitespace == false else { return nil }
        self.text = text
    }

    package var description: String { text }

    /// The form that is compared, so that `Bot` and `bot` are the same name.
    package var folded: String { text.lowercased() }
}
