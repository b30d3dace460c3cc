// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The text with everything escaped that would move the cursor, change the terminal or hide other text.
    ///
    /// Control characters, format characters (which include those that turn the direction of writing, U+202E) and what
    /// Unicode has not assigned. The joiner U+200D stays: emoji are made with it.
    package var printable: String {
        var text = ""
        for scalar in unicodeScalars {
            switch (scalar, scalar.properties.generalCategory) {
            case ("\n", _): text += "\\n"
            case ("\r", _): text += "\\r"
            case ("\t", _): text += "\\t"
            case ("\u{200D}", _): text.unicodeScalars.append(scalar)
            case (_, .control), (_, .format), (_, .lineSeparator), (_, .paragraphSeparator), (_, .surrogate),
                (_, .privateUse), (_, .unassigned):
                text += "\\u{\(String(scalar.value, radix: 16))}"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The text, or its beginning and `…` where it takes more columns than `columns`.
    package func shortened(to columns: Int) -> String {
        guard displayWidth > columns else { return self }
        var width = 0
        let beginning = prefix { character in
            width += character.displayWidth
            return width < columns
        }
        return beginning + "…"
    }
}
