// SPDX-License-Identifier: Apache-2.0

/// Bytes that say one thing only: integers in network byte order, everything else behind its length.
///
/// What is authenticated is laid out by this, so that two different sequences of fields never give the same bytes
/// ("ab", "c" and "a", "bc" do not). Lengths are 32 bits.
package struct CanonicalBytes: Hashable, Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(reserving capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    package mutating func append(byte: UInt8) {
        bytes.append(byte)
    }

    // No generics: what calls these is in other modules, for which nothing is specialized.

    package mutating func append(_ integer: UInt32) {
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
    }

    package mutating func append(_ integer: Int64) {
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends the length of `content` and `content`.
    package mutating func append(prefixed content: [UInt8]) {
        append(UInt32(content.count))
        bytes.append(contentsOf: content)
    }

    package mutating func append(prefixed text: String) {
        var text = text
        text.withUTF8 { text in
            append(UInt32(text.count))
            bytes.append(contentsOf: text)
        }
    }

    package mutating func append(prefixed text: Substring) {
        var text = text
        text.withUTF8 { text in
            append(UInt32(text.count))
            bytes.append(contentsOf: text)
        }
    }

    /// Appends `content` without its length: for what has a fixed length, or comes last.
    package mutating func append(fixed content: [UInt8]) {
        bytes.append(contentsOf: content)
    }

    mutating func append(fixed content: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: content)
    }

    /// Writes `integer` over the four bytes at `place`.
    package mutating func replace(_ integer: UInt32, at place: Int) {
        withUnsafeBytes(of: integer.bigEndian) { new in
            for (offset, byte) in new.enumerated() { bytes[place + offset] = byte }
        }
    }
}
