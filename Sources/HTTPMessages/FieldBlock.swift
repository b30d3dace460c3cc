// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes
package import NIOCore

/// Fields of a head as they came, each looked at and none copied: most of those of an answer are only passed on.
package struct FieldBlock: Sendable {
    /// The lines, each with its end.
    package let bytes: ByteBuffer
    package let lines: [Line]

    package struct Line: Sendable {
        /// Where it begins and where the next one does, counted from the first byte of the block.
        package let start: Int
        package let end: Int
        /// Where its name ends.
        let colon: Int
        /// The place of its name in ``knownNames``, where it is there in this spelling.
        package let known: Int?
    }

    /// The names that most fields have.
    package static var knownNames: [HTTPField.Name] { KnownFields.all.allNames }

    package func name(of line: Line) -> HTTPField.Name {
        if let known = line.known { return KnownFields.all[known] }
        // It was looked at: it is one.
        return HTTPField.Name(
            bytes.getString(at: bytes.readerIndex + line.start, length: line.colon - line.start) ?? ""
        )
            ?? .via
    }

    /// Lines that stand together, each with its end.
    package func bytes(in range: Range<Int>) -> ByteBuffer {
        bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }

    /// Without the blanks around it.
    package func value(of line: Line) -> String {
        let value = bytes.withUnsafeReadableBytes { bytes in
            FieldLines.value(UnsafeRawBufferPointer(rebasing: bytes[(line.colon + 1)..<(line.end - 2)]))
        }
        return value ?? ""
    }

    /// All of them.
    package var fields: [HTTPField] { lines.map { HTTPField(name: name(of: $0), value: value(of: $0)) } }
}
