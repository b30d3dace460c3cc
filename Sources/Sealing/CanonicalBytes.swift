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

    package mutating func append(_ integer: some FixedWidthInteger) {
        withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Appends the length of `content` and `content`.
    package mutating func append(prefixed content: some Collection<UInt8>) {
        append(UInt32(content.count))
        bytes.append(contentsOf: content)
    }

    package mutating func append(prefixed text: String) {
        append(prefixed: text.utf8)
    }

    /// Appends `content` without its length: for what has a fixed length, or comes last.
    package mutating func append(fixed content: some Collection<UInt8>) {
        bytes.append(contentsOf: content)
    }
}
