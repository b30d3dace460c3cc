// SPDX-License-Identifier: Apache-2.0

/// Lays out what ``CanonicalBytes`` would in memory of the stack: for what is hashed at once and kept nowhere.
struct CanonicalLayout: ~Copyable {
    private let place: UnsafeMutableRawBufferPointer
    private var count = 0

    /// Lends what `write` has laid out, at most `limit` bytes.
    static func lend<R>(
        upTo limit: Int,
        _ write: (inout CanonicalLayout) -> Void,
        to body: (UnsafeRawBufferPointer) -> R
    ) -> R {
        withUnsafeTemporaryAllocation(byteCount: limit, alignment: 1) { place in
            var layout = CanonicalLayout(place: place)
            write(&layout)
            return body(UnsafeRawBufferPointer(rebasing: place[..<layout.count]))
        }
    }

    private init(place: UnsafeMutableRawBufferPointer) { self.place = place }

    mutating func append(_ integer: UInt32) { withUnsafeBytes(of: integer.bigEndian) { append(fixed: $0) } }

    mutating func append(_ integer: Int64) { withUnsafeBytes(of: integer.bigEndian) { append(fixed: $0) } }

    mutating func append(prefixed content: [UInt8]) {
        append(UInt32(content.count))
        content.withUnsafeBytes { append(fixed: $0) }
    }

    mutating func append(prefixed text: String) {
        var text = text
        text.withUTF8 { text in
            append(UInt32(text.count))
            append(fixed: UnsafeRawBufferPointer(text))
        }
    }

    private mutating func append(fixed bytes: UnsafeRawBufferPointer) {
        // A limit that was too low would write beyond it.
        precondition(bytes.count <= place.count - count)
        UnsafeMutableRawBufferPointer(rebasing: place[count...]).copyMemory(from: bytes)
        count += bytes.count
    }
}
