// SPDX-License-Identifier: Apache-2.0

/// Reads what ``CanonicalBytes`` wrote.
///
/// Every method returns nil at the end of the bytes and never reads beyond it. Used only while the bytes are lent, and
/// never kept.
package struct CanonicalReader {
    private var rest: UnsafeRawBufferPointer

    package init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    package var isAtEnd: Bool { rest.isEmpty }

    package var remaining: Int { rest.count }

    package mutating func integer<I: FixedWidthInteger>(_: I.Type = I.self) -> I? {
        guard let bytes = fixed(MemoryLayout<I>.size) else { return nil }
        return I(bigEndian: bytes.loadUnaligned(as: I.self))
    }

    package mutating func fixed(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, count <= rest.count else { return nil }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count)) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
    }

    package mutating func prefixed() -> UnsafeRawBufferPointer? {
        guard let count: UInt32 = integer() else { return nil }
        return fixed(Int(count))
    }

    /// Reads a length-prefixed text; nil when it is not valid UTF-8.
    package mutating func text() -> String? {
        guard let bytes = prefixed() else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }
}
