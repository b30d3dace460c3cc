// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What may be shown of a value: enough to recognize it, at most a third of it.
///
/// The first 8 characters and `***` from 24 characters on, the first 3 and `***` from 12 on, else `***`. Bytes that are
/// not UTF-8, and a beginning that a terminal would not show as it is, give `***` as well.
package struct Mask: Hashable, Sendable {
    private static let hidden = "***"

    package let text: String

    package init(of value: borrowing SecretBytes) {
        text = value.withBytes { (Self.shown(of: $0) ?? "") + Self.hidden }
    }

    init(text: String) {
        self.text = text
    }

    /// The beginning that may be shown.
    ///
    /// Nothing else of the value is copied into a `String`, which is never wiped.
    private static func shown(of bytes: UnsafeRawBufferPointer) -> String? {
        guard let text = try? UTF8Span(validating: Span(_unsafeBytes: bytes)) else { return nil }
        var all = text.makeCharacterIterator()
        let shownCount: Int
        switch all.skipForward(by: 24) {
        case 24...: shownCount = 8
        case 12...: shownCount = 3
        default: return nil
        }
        var characters = text.makeCharacterIterator()
        _ = characters.skipForward(by: shownCount)
        let shown = String(decoding: bytes.prefix(characters.currentCodeUnitOffset), as: UTF8.self)
        // A character may be a letter with a thousand accents: count what was typed too.
        let scalars = bytes.count { $0 & 0xC0 != 0x80 }
        guard 3 * shown.unicodeScalars.count <= scalars, shown.unicodeScalars.allSatisfy(isVisible) else { return nil }
        return shown
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
