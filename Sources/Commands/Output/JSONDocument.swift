// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials

/// A value as one line of JSON, its keys in order, so that the same value is the same text.
package struct JSONDocument {
    package let text: String

    package init(_ value: some Encodable) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // What is printed has no value that JSON lacks; `null` is what a reader then sees instead of half a document.
        let data = (try? encoder.encode(value)) ?? Data("null".utf8)
        text = String(decoding: data, as: UTF8.self)
    }
}

/// The document of a command whose request has an answer without content.
struct SuccessDocument: Encodable {
    let success = true
}
