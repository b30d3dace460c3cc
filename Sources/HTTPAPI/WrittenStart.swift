// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore

/// The request of a start in the very form that `attache-exec` writes it (`docs/formats/start-protocol.md`).
///
/// Nothing is interpreted here: a byte that the wrapper would not write makes the request another one, which
/// ``ConnectionReader`` reads. What is recognized is what that would make of the same bytes.
enum WrittenStart {
    private static let mostBytes = 2_048
    private static let path = "/api/v1/starts"
    private static let firstLine = Array("POST \(path) HTTP/1.1".utf8)

    /// The fields that the wrapper writes, each at most once.
    private static let fields: [(name: HTTPField.Name, bytes: [UInt8])] =
        [
            .attacheStart, .attacheInstance, .authorization, .accept, .attacheSession, .attacheSupervised,
            .attacheForward,
        ].map { ($0, Array($0.rawName.utf8)) }
    private static let host = Array("Host: ".utf8)
    /// They say that no body follows, and no other request.
    private static let framing = ["Content-Length: 0", "Connection: close"].map { Array($0.utf8) }

    /// The request; nil for anything that is not one whole start and nothing else.
    static func request(in buffer: ByteBuffer) -> HTTPRequest? {
        guard buffer.readableBytes <= mostBytes else { return nil }
        return buffer.withUnsafeReadableBytes { request(in: $0) }
    }

    private static func request(in bytes: UnsafeRawBufferPointer) -> HTTPRequest? {
        var rest = bytes[...]
        guard let line = nextLine(of: &rest), line.elementsEqual(firstLine) else { return nil }
        var request = HTTPRequest(method: .post, scheme: "http", authority: nil, path: path)
        var seen: UInt = 0
        while let line = nextLine(of: &rest) {
            // The blank line, after which there is nothing.
            if line.isEmpty { return rest.isEmpty && seen & needed == needed ? request : nil }
            guard let place = read(line, into: &request), seen & (1 << place) == 0 else { return nil }
            seen |= 1 << place
        }
        return nil
    }

    /// The places of `Host` and of the framing.
    private static let needed: UInt = (0b111) << UInt(fields.count)

    /// Reads a field into `request` and returns its place; nil for one that the wrapper does not write.
    private static func read(_ line: Slice<UnsafeRawBufferPointer>, into request: inout HTTPRequest) -> UInt? {
        if let place = framing.firstIndex(where: { line.elementsEqual($0) }) { return UInt(fields.count + 1 + place) }
        if line.starts(with: host) {
            guard let value = text(of: line.dropFirst(host.count)) else { return nil }
            request.authority = value
            return UInt(fields.count)
        }
        for (place, field) in fields.enumerated() where line.starts(with: field.bytes) {
            let after = line.dropFirst(field.bytes.count)
            guard after.starts(with: [UInt8(ascii: ":"), UInt8(ascii: " ")]) else { continue }
            guard let value = text(of: after.dropFirst(2)) else { return nil }
            request.headerFields.append(HTTPField(name: field.name, value: value))
            return UInt(place)
        }
        return nil
    }

    /// A value of visible ASCII, with blanks inside only.
    private static func text(of value: Slice<UnsafeRawBufferPointer>) -> String? {
        let blank = UInt8(ascii: " ")
        guard let first = value.first, first != blank, value.last != blank else { return nil }
        guard value.allSatisfy({ (blank...UInt8(ascii: "~")).contains($0) }) else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    /// Takes a line from the front, without its CR and LF; nil when there is no whole one.
    private static func nextLine(of rest: inout Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer>? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\r")), end + 1 < rest.endIndex,
            rest[end + 1] == UInt8(ascii: "\n")
        else { return nil }
        defer { rest = rest[(end + 2)...] }
        return rest[..<end]
    }
}
