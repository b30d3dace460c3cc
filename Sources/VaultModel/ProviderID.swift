// SPDX-License-Identifier: Apache-2.0

/// A provider of the catalogue, such as `anthropic`: `[a-z][a-z0-9_-]{0,63}`.
package struct ProviderID: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init?(_ text: String) {
        guard let first = text.utf8.first, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
            text.utf8.count <= 64
        else { return nil }
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                UInt8(ascii: "_"):
                continue
            default: return nil
            }
        }
        self.text = text
    }

    package var description: String { text }
}
