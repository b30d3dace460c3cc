// SPDX-License-Identifier: Apache-2.0

/// A name that people read: an agent's, a workspace's, a token's.
///
/// 1 to 128 characters without control characters and without blanks at either end, unique in its workspace ignoring
/// case.
package struct DisplayName: Hashable, Sendable, CustomStringConvertible {
    package static let maximumCharacters = 128

    package let text: String

    package init?(_ text: String) {
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
