// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOCore
internal import NIOHTTP1
internal import ProxyRules
internal import VaultCore
internal import VaultModel

/// A request that may be sent, with what it is sent with.
final class Departure: Sendable {
    let request: OutgoingRequest
    let target: GrantedTarget
    let grant: ProxyGrant
    let connection: TargetConnection
    /// Whether the connection carried a request before.
    let hasRested: Bool
    let open: OpenAttempt
    let attempt: ProxyAttempt
    /// What the broker says of itself in `Via`.
    private let via: String

    init(
        _ request: consuming OutgoingRequest,
        to target: GrantedTarget,
        _ grant: ProxyGrant,
        over connection: TargetConnection,
        hasRested: Bool,
        _ open: OpenAttempt,
        _ attempt: consuming ProxyAttempt,
        via: String
    ) {
        self.request = request
        (self.target, self.grant) = (target, grant)
        (self.connection, self.hasRested, self.open) = (connection, hasRested, open)
        self.attempt = attempt
        self.via = via
    }

    /// The fields as they are sent, `Host` first, but for those that the credential sets.
    private func forEachField(_ body: (_ name: String, _ value: String) -> Void) {
        body("host", target.url.authority)
        HeaderRules.forEachForwarded(request.fields, injected: open.credential.fieldNames) { field in
            // What an extension does to frames could hide the credential from the scrubber.
            if field.name == .via || field.name == .secWebSocketExtensions { return }
            body(field.name.rawName, field.value)
        }
        if request.isWebSocket {
            body("connection", "Upgrade")
            body("upgrade", "websocket")
        }
        // Anything else could hide the credential from the scrubber.
        body("accept-encoding", "identity")
        body("via", request.via.isEmpty ? via : (request.via + [via]).joined(separator: ", "))
        if let length = request.length {
            body("content-length", length)
        } else if request.isChunked {
            body("transfer-encoding", "chunked")
        }
    }

    /// The head for a stream of HTTP/2, without the credential.
    var streamHead: HTTPRequestHead {
        var headers = HTTPHeaders()
        headers.reserveCapacity(request.fields.count + 4)
        forEachField { headers.add(name: $0, value: $1) }
        return HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: request.method),
            uri: target.uri,
            headers: headers
        )
    }

    /// The bytes of the head over HTTP/1.1, the credential's among them (RFC 9112 §3, §5).
    ///
    /// So the value never becomes a header of NIO's, a string, or anything that a log could show.
    var head: ByteBuffer {
        let credential = open.credential
        // Room at once: a buffer that grows leaves a copy behind.
        let most =
            credential.headerLines.count + credential.queryPair.count + request.method.utf8.count
            + target.uri.utf8.count + target.url.authority.utf8.count + request.fieldBytes + via.utf8.count
            + Self.mostFixedBytes
        var buffer = ByteBufferAllocator().buffer(capacity: most)
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: most) { room in
            var head = BytesInRoom(room)
            head.add(request.method)
            head.add(" ")
            head.add(target.uri)
            credential.queryPair.withBytes { pair in
                guard !pair.isEmpty else { return }
                head.add(target.uri.utf8.contains(UInt8(ascii: "?")) ? "&" : "?")
                head.add(pair)
            }
            head.add(" HTTP/1.1\r\n")
            forEachField { name, value in
                head.add(name)
                head.add(": ")
                head.add(value)
                head.add("\r\n")
            }
            credential.headerLines.withBytes { head.add($0) }
            head.add("\r\n")
            return head.count
        }
        return buffer
    }

    /// More than all that stands in every head.
    private static let mostFixedBytes = 160
}

/// Bytes one after the other in memory that was asked for.
private struct BytesInRoom {
    private let room: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ room: UnsafeMutableRawBufferPointer) {
        self.room = room
    }

    mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        // Who asked for the room has counted all of it.
        precondition(bytes.count <= room.count - count)
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
        count += bytes.count
    }
}
