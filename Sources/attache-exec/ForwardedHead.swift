// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The head of a request from a program in the container, which may go to the proxy and to nothing else.
///
/// The agents' socket serves more than the proxy: it would give out the whole environment to any process that reaches
/// the port, where an engine vouches for the container. So the path is checked, and the server is told to close the
/// connection after one answer, since what follows on it would not be checked.
struct ForwardedHead {
    /// What the server gets instead: `Connection: close`, and without the fields that were for the forwarder.
    let bytes: [UInt8]

    private static let lineEnd: [UInt8] = [0x0D, 0x0A]

    /// Reads the lines before the empty one.
    init(_ head: Text) throws(ForwardRefusal) {
        let lines = try ForwardedHead.lines(of: head)
        guard let request = lines.first, let target = ForwardedHead.target(of: request) else { throw .malformed }
        guard target == "/v1/proxy" || target.hasPrefix("/v1/proxy?") || target.hasPrefix("/v1/via/") else {
            throw .elsewhere
        }
        // A field that Connection names is meant for the next hop only (RFC 9110 section 7.6.1).
        var dropped: [Text] = ["connection", "keep-alive", "proxy-connection", "upgrade"]
        for line in lines.dropFirst() {
            guard let colon = line.index(of: UInt8(ascii: ":")), line[0..<colon].isVisibleASCII, colon > 0 else {
                throw .malformed
            }
            guard line[0..<colon].equalsIgnoringCase("connection") else { continue }
            line[colon + 1..<line.count].forEachPiece(separator: UInt8(ascii: ",")) { dropped.append($0.trimmed) }
        }
        var bytes = Array(request.bytes) + ForwardedHead.lineEnd + Array("Connection: close\r\n".utf8)
        for line in lines.dropFirst() {
            let name = line[0..<(line.index(of: UInt8(ascii: ":")) ?? 0)]
            if dropped.contains(where: { $0.equalsIgnoringCase(name) }) { continue }
            bytes += Array(line.bytes) + ForwardedHead.lineEnd
        }
        self.bytes = bytes + ForwardedHead.lineEnd
    }

    /// Every line ends with CR and LF; one of them alone could end a line for another reader.
    private static func lines(of head: Text) throws(ForwardRefusal) -> [Text] {
        var lines: [Text] = []
        var start = 0
        for position in 0...head.count {
            let isEnd = position == head.count
            guard isEnd || head.bytes[position] < 0x20, isEnd || head.bytes[position] != 0x09 else { continue }
            if !isEnd, head.bytes[position] == 0x0A, position > start, head.bytes[position - 1] == 0x0D {
                lines.append(head[start..<position - 1])
                start = position + 1
            } else if isEnd {
                lines.append(head[start..<position])
            } else if head.bytes[position] != 0x0D || position + 1 == head.count || head.bytes[position + 1] != 0x0A {
                throw .malformed
            }
        }
        return lines
    }

    /// The second of the three words of a request's first line.
    private static func target(of line: Text) -> Text? {
        guard let first = line.index(of: 0x20), first > 0 else { return nil }
        let rest = line[first + 1..<line.count]
        guard let second = rest.index(of: 0x20), rest[0..<second].isVisibleASCII else { return nil }
        let version = rest[second + 1..<rest.count]
        return version == "HTTP/1.1" || version == "HTTP/1.0" ? rest[0..<second] : nil
    }
}

/// An answer of the forwarder's own, in the form of the server's (docs/formats/errors.md).
enum ForwardRefusal: Error {
    case malformed, elsewhere, tooLarge, unreachable

    var bytes: [UInt8] {
        switch self {
        case .malformed: answer("400 Bad Request", "invalid_request", "the bytes are no HTTP request")
        case .elsewhere: answer("404 Not Found", "not_found", "the forwarder leads to /v1/via/ and /v1/proxy only")
        case .tooLarge:
            answer("431 Request Header Fields Too Large", "headers_too_large", "the header has at most 32 KiB")
        case .unreachable: answer("503 Service Unavailable", "unreachable", "attache-exec cannot reach the server")
        }
    }

    private func answer(_ status: Text, _ code: Text, _ text: Text) -> [UInt8] {
        var body: [UInt8] = []
        let number = status[0..<3]
        for piece: Text in ["{\"error\":\"", text, "\",\"code\":\"", code, "\",\"status\":", number, "}"] {
            body += Array(piece.bytes)
        }
        let length: Message = "\(body.count)"
        var bytes: [UInt8] = []
        for piece: Text in ["HTTP/1.1 ", status, "\r\nContent-Type: application/json\r\nAttache-Error: ", code] {
            bytes += Array(piece.bytes)
        }
        return bytes + Array("\r\nConnection: close\r\nContent-Length: ".utf8) + length.bytes
            + Array("\r\n\r\n".utf8) + body
    }
}
