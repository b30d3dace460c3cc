// SPDX-License-Identifier: Apache-2.0

extension String {
    /// How many columns a terminal takes for the text.
    package var displayWidth: Int { reduce(0) { $0 + $1.displayWidth } }
}

extension Character {
    /// 2 for East Asian wide characters and emoji (UAX #11), 0 for marks that stand alone, else 1.
    ///
    /// What combines with a letter is part of the same `Character` and takes no column of its own.
    package var displayWidth: Int {
        guard let first = unicodeScalars.first else { return 0 }
        // U+FE0F asks for the picture of a character that also exists as text.
        if first.properties.isEmojiPresentation || unicodeScalars.contains("\u{FE0F}") { return 2 }
        switch first.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: return 0
        default: return Self.wideRanges.contains { $0.contains(first.value) } ? 2 : 1
        }
    }

    /// The blocks whose characters are wide or full width (UAX #11, EastAsianWidth.txt), emoji left out.
    private static let wideRanges: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF,
        0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60,
        0xFFE0...0xFFE6, 0x16FE0...0x18DFF, 0x1AFF0...0x1B2FF, 0x1F200...0x1F265, 0x20000...0x2FFFD,
        0x30000...0x3FFFD,
    ]
}
