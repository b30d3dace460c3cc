// SPDX-License-Identifier: Apache-2.0

internal import NIOCore

/// Stands for a credential in a block of fields, as sixteen symbols whose Huffman codes have eight bits each (RFC 7541,
/// appendix B), so that an encoded mark is sixteen bytes which need no decoder.
struct BlockMark: Hashable {
    static let count = 16
    private static let symbols = Array("&*XZ".utf8)
    private static let codes: [UInt8] = [0xF8, 0xF9, 0xFC, 0xFD]

    let number: UInt32

    var text: String {
        String(decoding: (0..<Self.count).map { Self.symbols[Int(number >> ($0 * 2) & 3)] }, as: UTF8.self)
    }

    init(number: UInt32) {
        self.number = number
    }

    /// Nil where the bytes are those of no mark.
    init?(encoded: ByteBufferView) {
        guard encoded.count == Self.count else { return nil }
        var number: UInt32 = 0
        for (place, byte) in encoded.enumerated() {
            guard let digit = Self.codes.firstIndex(of: byte) else { return nil }
            number |= UInt32(digit) << (place * 2)
        }
        self.number = number
    }
}

/// Walks over the fields of an encoded block without decoding them (RFC 7541 §6).
struct EncodedFields {
    struct Field {
        let start: Int
        /// Where the length of its value stands.
        let value: Int
        let end: Int
        /// The mark that is its value, of a field that is never indexed.
        let mark: BlockMark?
    }

    private let block: ByteBuffer
    private var index: Int

    init(_ block: ByteBuffer, from index: Int) {
        self.block = block
        self.index = index
    }

    /// Nil at the end, and where the block breaks off.
    mutating func next() -> Field? {
        let start = index
        guard let first = block.getInteger(at: index, as: UInt8.self) else { return nil }
        // Whole fields of the tables, and sizes of one, have no strings.
        let (prefix, hasValue) =
            switch first.leadingZeroBitCount {
            case 0: (7, false)
            case 1: (6, true)
            case 2: (5, false)
            default: (4, true)
            }
        guard let name = integer(prefix) else { return nil }
        guard hasValue else { return Field(start: start, value: index, end: index, mark: nil) }
        if name == 0 { guard string() != nil else { return nil } }
        let value = index
        guard let text = string() else { return nil }
        let isNeverIndexed = first.leadingZeroBitCount == 3
        return Field(start: start, value: value, end: index, mark: isNeverIndexed ? BlockMark(encoded: text) : nil)
    }

    /// §5.1; nil beyond what a frame can hold.
    private mutating func integer(_ prefix: Int) -> Int? {
        guard let first = block.getInteger(at: index, as: UInt8.self) else { return nil }
        index += 1
        let most = UInt8(1) << prefix - 1
        guard first & most == most else { return Int(first & most) }
        var sum = Int(most)
        for shift in stride(from: 0, through: 21, by: 7) {
            guard let byte = block.getInteger(at: index, as: UInt8.self) else { return nil }
            index += 1
            sum += Int(byte & 0x7F) << shift
            if byte < 0x80 { return sum }
        }
        return nil
    }

    /// §5.2, whichever way it is coded.
    private mutating func string() -> ByteBufferView? {
        guard let length = integer(7), let text = block.viewBytes(at: index, length: length) else { return nil }
        index += length
        return text
    }
}
