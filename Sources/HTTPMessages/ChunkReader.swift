// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore

/// Reads a body of chunks and the trailers behind it (RFC 9112 §7.1).
struct ChunkReader {
    private enum State {
        case size
        case data(Int)
        /// CR and LF behind the data of a chunk.
        case endOfData
        case trailers
    }

    /// Of a size with its extensions, which mean nothing here.
    private static let mostSizeBytes = 1_024

    private var state = State.size

    /// Takes the next piece of the body, or its end, from the front of `bytes`; nil where that has not come yet.
    mutating func next(in bytes: inout ByteBuffer, within limits: MessageLimits) throws(MessageFault) -> BodyPart? {
        while true {
            switch state {
            case .size:
                guard let (size, length) = try bytes.read(Self.size) else { return nil }
                bytes.moveReaderIndex(forwardBy: length)
                state = size > 0 ? .data(size) : .trailers
            case .data(let left):
                let length = min(left, bytes.readableBytes)
                guard length > 0, let piece = bytes.readSlice(length: length) else { return nil }
                state = length == left ? .endOfData : .data(left - length)
                return .piece(piece)
            case .endOfData:
                guard bytes.readableBytes >= 2 else { return nil }
                guard bytes.readInteger(as: UInt16.self) == 0x0D0A else { throw .malformed }
                state = .size
            case .trailers:
                guard let length = try bytes.read({ bytes throws(MessageFault) in try Self.trailers(bytes, limits) })
                else { return nil }
                let fields = try bytes.read { bytes throws(MessageFault) in
                    let lines = UnsafeRawBufferPointer(rebasing: bytes[..<(length - 2)])
                    return try FieldLines(lines, of: .trailers, within: limits).fields
                }
                bytes.moveReaderIndex(forwardBy: length)
                return .end(fields.isEmpty ? nil : HTTPFields(fields))
            }
        }
    }

    /// The size of a chunk, and how many bytes its line has.
    private static func size(_ bytes: UnsafeRawBufferPointer) throws(MessageFault) -> (size: Int, length: Int)? {
        var size = 0
        var digits = 0
        while digits < bytes.count, let digit = bytes[digits].hexDigit {
            size = size << 4 | digit
            digits += 1
            guard digits <= 15 else { throw .malformed }
        }
        // Nothing that goes on otherwise ever becomes a size, and nobody should wait for its end.
        if digits < bytes.count {
            guard digits > 0, bytes[digits] == UInt8(ascii: ";") || bytes[digits] == 0x0D else { throw .malformed }
        }
        // As in a head, every cut shows the same fault.
        let most = mostSizeBytes + 2
        let bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(most))
        guard let end = try Line.end(in: bytes, from: 0) else {
            guard bytes.count < most else { throw .tooLarge }
            return nil
        }
        guard bytes[digits..<end].allSatisfy(\.isOfText) else { throw .malformed }
        return (size, end + 2)
    }

    /// How many bytes the trailers have with the empty line behind them.
    private static func trailers(_ bytes: UnsafeRawBufferPointer, _ limits: MessageLimits) throws(MessageFault) -> Int?
    {
        let most = limits.head + 2
        let bytes = UnsafeRawBufferPointer(rebasing: bytes.prefix(most))
        var next = 0
        while let end = try Line.end(in: bytes, from: next) {
            if end == next { return end + 2 }
            next = end + 2
        }
        guard bytes.count < most else { throw .tooLarge }
        return nil
    }
}
