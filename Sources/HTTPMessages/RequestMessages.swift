// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
package import NIOCore

/// The requests that come over a connection of HTTP/1.1 (RFC 9112), each part by part.
///
/// Whoever stands before the server or behind it may take what is ambiguous for other requests: so nothing is guessed, and
/// after the first ``MessageFault`` nothing is read any more.
package struct RequestMessages {
    package typealias Part = MessagePart<RequestLines>

    private var reader: MessageReader<RequestLines>
    /// The request that is read is the last.
    private var isLast = false

    package init(within limits: MessageLimits) {
        reader = MessageReader(within: limits)
    }

    package mutating func add(_ bytes: ByteBuffer) { reader.add(bytes) }

    /// The next part; nil where it has not come yet, and behind the last request.
    package mutating func next() throws(MessageFault) -> Part? {
        do throws(MessageFault) {
            switch try reader.nextOfBody() {
            case .piece(let bytes)?: return .body(bytes)
            case .end(let trailers)?:
                if isLast { reader.stop() }
                return .end(trailers)
            case nil: break
            }
            guard let (head, _) = try reader.nextHead(skippingBlankLines: true) else { return nil }
            isLast = head.isLast
            reader.readBody(head.length.map { .length($0) } ?? (head.isChunked ? .chunked : .length(0)))
            return .head(head)
        } catch {
            reader.stop()
            throw error
        }
    }
}

extension RequestLines: MessageHead {
    struct Start {
        let method: HTTPRequest.Method
        let target: String
        let isOld: Bool
    }

    static var place: FieldLines.Place { .request }

    /// Of the characters that a target has, and no space in it (RFC 9112 §3).
    static func start(_ line: UnsafeRawBufferPointer) throws(MessageFault) -> Start {
        let blank = UInt8(ascii: " ")
        guard let first = line.firstIndex(of: blank), let last = line.lastIndex(of: blank), first > 0, last > first + 1
        else {
            throw .malformed
        }
        let method = UnsafeRawBufferPointer(rebasing: line[..<first])
        let target = UnsafeRawBufferPointer(rebasing: line[(first + 1)..<last])
        guard let method = HTTPRequest.Method(String(decoding: method, as: UTF8.self)),
            target.allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { throw .malformed }
        return Start(
            method: method,
            target: String(decoding: target, as: UTF8.self),
            isOld: try Version.isOld(UnsafeRawBufferPointer(rebasing: line[(last + 1)...]))
        )
    }

    init(_ start: Start, _ lines: FieldLines) throws(MessageFault) {
        guard lines.host != nil || start.isOld else { throw .host }
        guard !lines.isChunked || !start.isOld else { throw .transferCoding }
        method = start.method
        target = start.target
        host = lines.host
        fields = lines.fields
        isOld = start.isOld
        // What follows a request that asks for another protocol, or for a tunnel, is perhaps of that (RFC 9110 §7.8, §9.3.6).
        isLast = lines.closes || start.isOld && !lines.keepsAlive || lines.upgrades || start.method == .connect
        // A client of HTTP/1.0 would take what it is told for its answer.
        waitsWithBody = lines.waitsWithBody && !start.isOld
        length = lines.bodyLength
        isChunked = lines.isChunked
    }
}

/// The protocol's name and version (RFC 9112 §2.3).
enum Version {
    private static let new = Array("HTTP/1.1".utf8)
    private static let old = Array("HTTP/1.0".utf8)

    /// Whether it is HTTP/1.0 and not 1.1; no other is known.
    static func isOld(_ bytes: UnsafeRawBufferPointer) throws(MessageFault) -> Bool {
        if bytes.elementsEqual(new) { return false }
        if bytes.elementsEqual(old) { return true }
        throw .malformed
    }
}
