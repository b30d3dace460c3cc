// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// One request to the server over the operator's socket: HTTP/1.1 with a body of known length, no connection kept.
struct ServerExchange {
    /// How long a server that is just starting is waited for.
    private static let patience: Int64 = 1_000
    private static let limit: Int64 = 15_000

    let socket: String

    /// A connection that was made before there was anything to say; nil where there is none.
    private var early: Int32?

    var isConnected: Bool { early != nil }

    init(socket: String) { self.socket = socket }

    /// Connects now, so that the server has done its part of it when there is something to say.
    ///
    /// Where it cannot be reached that is told when something is.
    mutating func connectEarly() {
        let descriptor = connect(ckernel_exec_now() + Self.limit)
        if descriptor >= 0 { early = descriptor }
    }

    /// Throws where the server cannot be reached.
    func check() throws(HookFailure) { ckernel_exec_close(try connectPatiently(from: ckernel_exec_now())) }

    /// Sends a request whose path follows `/api/v1/`; throws what the server answered where it refused.
    func send(
        _ method: String,
        _ path: String,
        workspace: String? = nil,
        body: String? = nil
    ) throws(HookFailure) {
        var head = head(method, path, workspace)
        if body != nil { head += "Content-Type: application/json\r\n" }
        head += "Content-Length: \(body?.utf8.count ?? 0)\r\n\r\n"
        let answer = try exchange(Array((head + (body ?? "")).utf8), untilHead: false)
        let status = try status(of: answer)
        guard !(200..<300).contains(status) else { return }
        throw Self.refusal(status, answer)
    }

    /// Hands over a request and leaves it to the server, which has all of it and knows by then who asks: it says so with
    /// `100 Continue` (RFC 9110 §10.1.1).
    func leave(_ method: String, _ path: String, workspace: String?) throws(HookFailure) {
        let head = head(method, path, workspace) + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"
        _ = try status(of: exchange(Array(head.utf8), untilHead: true))
    }

    private func head(_ method: String, _ path: String, _ workspace: String?) -> String {
        "\(method) /api/v1/\(path) HTTP/1.1\r\nHost: attache\r\nConnection: close\r\n"
            + (workspace.map { "Attache-Workspace: \(Self.percentEncoded($0))\r\n" } ?? "")
    }

    /// The whole answer, or, `untilHead`, as much of it as has come when its first line is there.
    private func exchange(_ request: [UInt8], untilHead: Bool) throws(HookFailure) -> [UInt8] {
        let start = ckernel_exec_now()
        let deadline = start + Self.limit
        if let early {
            // A server that has gone meanwhile, or waited for too long, may be there again.
            let answer = try? exchange(request, untilHead: untilHead, on: early, deadline)
            if let answer, !answer.isEmpty { return answer }
        }
        return try exchange(request, untilHead: untilHead, on: connectPatiently(from: start), deadline)
    }

    /// Closes the connection at the end.
    private func exchange(
        _ request: [UInt8],
        untilHead: Bool,
        on descriptor: Int32,
        _ deadline: Int64
    ) throws(HookFailure) -> [UInt8] {
        defer { ckernel_exec_close(descriptor) }
        let sent = request.withUnsafeBytes { bytes in
            bytes.baseAddress.map { ckernel_exec_send(descriptor, $0, bytes.count) } ?? 0
        }
        guard sent == 0 else { throw .unreachable(socket: socket, reason: errorText(-sent)) }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4 << 10)
        while answer.count < 1 << 20 {
            let count = ckernel_exec_read(descriptor, &buffer, buffer.count, deadline)
            guard count >= 0 else { throw .unreachable(socket: socket, reason: errorText(Int32(-count))) }
            guard count > 0 else { break }
            answer += buffer[..<Int(count)]
            if untilHead, answer.contains(UInt8(ascii: "\n")) { break }
        }
        return answer
    }

    private func connectPatiently(from start: Int64) throws(HookFailure) -> Int32 {
        var descriptor = connect(start + Self.limit)
        while descriptor == -ECONNREFUSED || descriptor == -ENOENT, ckernel_exec_now() < start + Self.patience {
            ckernel_exec_sleep(20)
            descriptor = connect(start + Self.limit)
        }
        guard descriptor >= 0 else { throw .unreachable(socket: socket, reason: errorText(-descriptor)) }
        return descriptor
    }

    private func connect(_ deadline: Int64) -> Int32 {
        var path = Array(socket.utf8) + [0]
        return ckernel_exec_connect(&path, deadline)
    }

    /// The status of `HTTP/1.1 200 OK`.
    private func status(of answer: [UInt8]) throws(HookFailure) -> Int {
        let parts = answer.prefix(32).split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard parts.count >= 2, parts[0].starts(with: Array("HTTP/1.".utf8)),
            let status = Int(String(decoding: parts[1].prefix(3), as: UTF8.self))
        else { throw .unreachable(socket: socket, reason: "its answer is not HTTP") }
        return status
    }

    /// The error's own words and its hint, which the API keeps free of values.
    private static func refusal(_ status: Int, _ answer: [UInt8]) -> HookFailure {
        let blank = Array("\r\n\r\n".utf8)
        let end = answer.indices.dropLast(3).first { answer[$0..<$0 + 4].elementsEqual(blank) }
        guard let end, let text = try? JSONText(Array(answer[(end + 4)...])),
            let error = try? text.string(text.member("error", of: text.root))
        else { return .refused(text: "the server answered \(status)", hint: nil) }
        return .refused(text: error, hint: (try? text.string(text.member("hint", of: text.root))) ?? nil)
    }

    static func percentEncoded(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            bytes += isPlain || byte == 0x2D ? [byte] : [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
