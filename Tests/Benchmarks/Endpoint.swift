// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// Where a server listens on this machine.
enum Endpoint: Sendable {
    case unix(String)
    /// A port of 127.0.0.1.
    case loopback(UInt16)

    /// Returns a connected socket, which the caller closes.
    func connect() throws(BenchmarkError) -> Int32 {
        switch self {
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
                throw .system(path, ENAMETOOLONG)
            }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            return try connect(AF_UNIX, to: address, "connect \(path)")
        case .loopback(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            let socket = try connect(AF_INET, to: address, "connect 127.0.0.1:\(port)")
            var yes: Int32 = 1
            setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
            return socket
        }
    }

    private func connect<Address>(
        _ family: Int32,
        to address: Address,
        _ what: String
    ) throws(BenchmarkError) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket", errno) }
        let result = withUnsafeBytes(of: address) { bytes in
            Glibc.connect(
                descriptor,
                bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self),
                socklen_t(bytes.count)
            )
        }
        guard result == 0 else {
            let number = errno
            close(descriptor)
            throw .system(what, number)
        }
        return descriptor
    }

    /// A port of 127.0.0.1 that nobody listens on now.
    static func freePort() throws(BenchmarkError) -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket", errno) }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout.size(ofValue: address))
        let result = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
        }
        guard result == 0 else { throw .system("bind", errno) }
        return UInt16(bigEndian: address.sin_port)
    }
}

extension Endpoint {
    /// Sends one request on a connection of its own and returns status and body.
    func send(
        _ method: String,
        _ path: String,
        headers: [String: String] = [:],
        body: [UInt8] = [],
        within seconds: Double = 60
    ) throws(BenchmarkError) -> (status: Int, body: [UInt8]) {
        let descriptor = try connect()
        defer { close(descriptor) }
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        head += "Content-Length: \(body.count)\r\n\r\n"
        try Self.send(Array(head.utf8) + body, on: descriptor)

        let deadline = Machine.now + seconds
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let left = deadline - Machine.now
            guard left > 0, poll(&waiting, 1, Int32(left * 1000) + 1) > 0 else { throw .timedOut("\(method) \(path)") }
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { throw .malformedAnswer("\(method) \(path): closed without a whole answer") }
            received += chunk[..<count]
            let answer = received.withUnsafeBytes { bytes in
                Result { () throws(BenchmarkError) in
                    try HTTPAnswer(bytes).map { (status: $0.status, body: Array($0.body)) }
                }
            }
            if let answer = try answer.get() { return answer }
        }
    }

    /// Sends a JSON document and returns the one that comes back; any other status is an error.
    @discardableResult
    func json(
        _ method: String,
        _ path: String,
        _ document: [String: Any]? = nil,
        headers: [String: String] = [:],
        expecting statuses: Set<Int> = [200, 201, 204]
    ) throws(BenchmarkError) -> [String: Any] {
        var headers = headers
        var body: [UInt8] = []
        if let document {
            headers["Content-Type"] = "application/json"
            body = (try? JSONSerialization.data(withJSONObject: document)).map { [UInt8]($0) } ?? []
        }
        let answer = try send(method, path, headers: headers, body: body)
        let object = (try? JSONSerialization.jsonObject(with: Data(answer.body))) as? [String: Any] ?? [:]
        guard statuses.contains(answer.status) else {
            // Only the code and the fixed text of an error; a body may repeat what was sent.
            let reason = object["code"] as? String ?? (object["errors"] as? [String])?.first ?? ""
            throw .unexpectedAnswer("\(method) \(path)", status: answer.status, code: reason)
        }
        return object
    }
}

extension Endpoint {
    /// Sends everything on a blocking socket; a closed one is an error and no signal.
    static func send(_ bytes: [UInt8], on socket: Int32) throws(BenchmarkError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw .system("send", errno) }
            sent += count
        }
    }
}
