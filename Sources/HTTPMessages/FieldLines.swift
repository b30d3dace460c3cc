// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import HTTPTypes

/// The field lines of a head, or of trailers (RFC 9112 §5), and what they say of their message.
///
/// Strict: a line has a name, a colon right behind it, and a value of visible characters, blanks and tabs; none is folded.
struct FieldLines {
    /// Those of an answer are lines only.
    private(set) var fields: [HTTPField] = []
    private(set) var lines: [FieldBlock.Line] = []
    private(set) var host: String?
    private(set) var bodyLength: Int?
    private(set) var isChunked = false
    private(set) var closes = false
    private(set) var keepsAlive = false
    private(set) var upgrades = false
    private(set) var waitsWithBody = false

    /// What the lines stand in.
    enum Place {
        case request
        case answer
        /// What they say of framing says nothing.
        case trailers
    }

    init(_ bytes: UnsafeRawBufferPointer, of place: Place, within limits: MessageLimits) throws(MessageFault) {
        if place == .answer { lines.reserveCapacity(16) } else { fields.reserveCapacity(8) }
        var rest = bytes
        while let line = try Line.next(in: &rest) {
            guard line.count <= limits.line, max(fields.count, lines.count) < limits.fields else { throw .tooLarge }
            try add(line, of: place, endingAt: bytes.count - rest.count)
        }
    }

    private mutating func add(
        _ line: UnsafeRawBufferPointer,
        of place: Place,
        endingAt end: Int
    ) throws(MessageFault) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")),
            let name = KnownFields.all.name(UnsafeRawBufferPointer(rebasing: line[..<colon]))
        else { throw .malformed }
        let bytes = UnsafeRawBufferPointer(rebasing: line[(colon + 1)...])
        if place == .answer {
            guard bytes.allSatisfy(\.isOfText) else { throw .malformed }
            let start = end - line.count - 2
            lines.append(FieldBlock.Line(start: start, end: end, colon: start + colon, known: name.place))
            guard name.role != .none, name.role != .host else { return }
        }
        guard let value = Self.value(bytes) else { throw .malformed }
        switch (place, name.role) {
        case (.request, .host):
            guard host == nil else { throw .host }
            host = value
            return
        case (_, .none), (.trailers, _): break
        default: try note(name.role, value)
        }
        if place != .answer { fields.append(HTTPField(name: name.name, value: value)) }
    }

    private mutating func note(_ role: FieldRole, _ value: String) throws(MessageFault) {
        switch role {
        case .none, .host: break
        // Most have one option, and this runs for every answer.
        case .connection where value == "keep-alive": keepsAlive = true
        case .connection where value == "close": closes = true
        case .connection:
            for option in value.utf8.split(separator: UInt8(ascii: ",")) {
                let words = option.split(whereSeparator: Self.isBlank).map(Substring.init)
                if words.contains(where: { $0.isAnyCase(of: "close") }) { closes = true }
                // What is no option by itself keeps nothing.
                if words.count == 1, words[0].isAnyCase(of: "keep-alive") { keepsAlive = true }
            }
        case .expect: waitsWithBody = value.isAnyCase(of: "100-continue")
        case .length:
            // A plus sign is no digit.
            guard bodyLength == nil, !isChunked, value.utf8.count <= 18,
                value.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let number = Int(value)
            else { throw .length }
            bodyLength = number
        case .transferCoding:
            guard bodyLength == nil else { throw .length }
            guard !isChunked, value.isAnyCase(of: "chunked") else { throw .transferCoding }
            isChunked = true
        case .upgrade: upgrades = true
        }
    }

    /// A value without the blanks around it; nil where a byte of it is in none (RFC 9110 §5.5).
    static func value(_ bytes: UnsafeRawBufferPointer) -> String? {
        var (start, end) = (0, bytes.count)
        while start < end, isBlank(bytes[start]) { start += 1 }
        while end > start, isBlank(bytes[end - 1]) { end -= 1 }
        for index in start..<end where !bytes[index].isOfText { return nil }
        return String(decoding: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == 0x09 }
}

/// Lines that end with CR and LF.
enum Line {
    /// Takes a line from the front, without its end; nil where nothing is left.
    static func next(in rest: inout UnsafeRawBufferPointer) throws(MessageFault) -> UnsafeRawBufferPointer? {
        guard !rest.isEmpty else { return nil }
        guard let end = try Self.end(in: rest, from: 0) else { throw .malformed }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[(end + 2)...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<end])
    }

    /// Where the first line that ends at `start` or behind it has its CR; nil where none ends yet.
    static func end(in bytes: UnsafeRawBufferPointer, from start: Int) throws(MessageFault) -> Int? {
        guard start < bytes.count, let base = bytes.baseAddress,
            let feed = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
        else { return nil }
        let index = UnsafeRawPointer(feed) - base
        guard index > 0, bytes[index - 1] == UInt8(ascii: "\r") else { throw .malformed }
        return index - 1
    }
}
