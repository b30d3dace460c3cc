// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the proxy promises of streams: how fast bytes pass in how much memory, how late an event is, and what an open stream
/// costs.
///
/// Target and client are threads of this program, so that one clock tells when an event was sent and when it came.
struct StreamBenchmark {
    private static let bytes = 1_000_000_000
    private static let events = 1_000
    private static let connections = 1_000

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        let target = try StreamTarget()
        defer { target.stop() }
        let folder = try place.folder("streams", in: place.disk)
        let server = try AttacheServer("streams", data: folder, place: place)
        defer { server.process.stop() }
        let token = try server.attachCredential("sk-bench-\(Payload.text(bytes: 24))", to: target.port)
        let direct = Way(endpoint: .loopback(target.port), prefix: "", field: "")
        let proxied = Way(
            endpoint: server.network,
            prefix: "/v1/via/Target",
            field: "Authorization: Bearer \(token)\r\n"
        )

        report.begin("Streams through the proxy", "target and client are threads of one program, over loopback")
        var rows: [[String]] = []
        var delays: [Samples] = []
        var rates: [Double] = []
        for (name, way) in [("direct", direct), ("attache", proxied)] {
            let down = Samples(try (0..<3).map { _ throws(BenchmarkError) in try way.download(Self.bytes) })
            let up = Samples(try (0..<3).map { _ throws(BenchmarkError) in try way.upload(Self.bytes) })
            let delay = Samples(try way.delays(of: Self.events))
            rates.append(down.median)
            delays.append(delay)
            rows.append([
                name, "\((down.median / 1e6).text(decimals: 0)) MB/s", "\((up.median / 1e6).text(decimals: 0)) MB/s",
                delay.median.microseconds, delay.percentile(99).microseconds,
            ])
        }
        report.table(["", "1 GB down", "1 GB up", "event p50", "event p99"], rows)
        let memory = try server.process.memory()
        report.note("memory of attache: \(memory.peak.text(decimals: 1)) MB at most")
        report.judge(Thresholds.streamRate, rates[1] / 1e6)
        report.judge(Thresholds.streamMemory, memory.peak)
        report.judge(Thresholds.eventDelay, delays[1].percentile(99) * 1e3)

        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        for _ in 0..<Self.connections { sockets.append(try proxied.answered()) }
        let resting = try server.process.memory().now
        for socket in sockets { try proxied.openStream(on: socket) }
        let streaming = try server.process.memory().now
        report.note(
            "memory of attache with \(Self.connections) connections: \(resting.text(decimals: 1)) MB; "
                + "with a stream open on each: \(streaming.text(decimals: 1)) MB"
        )
        report.judge(Thresholds.openConnections, resting)
    }
}

/// A way to the target.
private struct Way {
    let endpoint: Endpoint
    let prefix: String
    let field: String

    private func begin(_ method: String, _ path: String, _ fields: String = "") throws(BenchmarkError) -> Int32 {
        let socket = try connect()
        try send(method, path, fields, on: socket)
        return socket
    }

    private func connect() throws(BenchmarkError) -> Int32 {
        let socket = try endpoint.connect()
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return socket
    }

    private func send(
        _ method: String,
        _ path: String,
        _ fields: String = "",
        on socket: Int32
    ) throws(BenchmarkError) {
        let head = "\(method) \(prefix)\(path) HTTP/1.1\r\nHost: localhost\r\n\(field)\(fields)\r\n"
        try Endpoint.send(Array(head.utf8), on: socket)
    }

    /// Bytes a second of an answer with that many bytes, its head included in the time.
    func download(_ count: Int) throws(BenchmarkError) -> Double {
        let start = Machine.now
        let socket = try begin("GET", "/bytes/\(count)")
        defer { close(socket) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var received = 0
        var headBytes: Int?
        while received < count + (headBytes ?? 0) {
            let more = recv(socket, buffer.baseAddress, buffer.count, 0)
            guard more > 0 else { throw .malformedAnswer("a stream of \(count) bytes ended after \(received)") }
            if headBytes == nil {
                let text = UnsafeRawBufferPointer(rebasing: buffer[..<more])
                guard text.starts(with: "HTTP/1.1 200".utf8), let end = text.firstOffset(of: "\r\n\r\n") else {
                    throw .malformedAnswer("no answer of 200 to a stream")
                }
                headBytes = end + 4
            }
            received += more
        }
        return Double(count) / (Machine.now - start)
    }

    /// Bytes a second of a request with that many bytes, until its answer is there.
    func upload(_ count: Int) throws(BenchmarkError) -> Double {
        let start = Machine.now
        let socket = try begin("POST", "/upload", "Content-Length: \(count)\r\n")
        defer { close(socket) }
        let chunk = [UInt8](repeating: 0x61, count: 256 << 10)
        var left = count
        while left > 0 {
            let sent = chunk.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, min(left, $0.count), Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw .system("send", errno) }
            left -= sent
        }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4_096)
        // Its head may come before the rest.
        while !String(decoding: answer, as: UTF8.self).hasSuffix("\r\n\r\n\(count)") {
            let length = recv(socket, &piece, piece.count, 0)
            guard length > 0 else { throw .malformedAnswer("an upload of \(count) bytes did not arrive whole") }
            answer += piece[..<length]
        }
        return Double(count) / (Machine.now - start)
    }

    /// Seconds from the sending of each event to its arrival.
    func delays(of count: Int) throws(BenchmarkError) -> [Double] {
        let socket = try begin("GET", "/events/\(count)")
        defer { close(socket) }
        var delays: [Double] = []
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while delays.count < count {
            let more = recv(socket, &chunk, chunk.count, 0)
            let now = Machine.now
            guard more > 0 else { throw .malformedAnswer("a stream of events ended after \(delays.count)") }
            text += chunk[..<more]
            while let mark = text.withUnsafeBytes({ $0.firstOffset(of: "data: ") }), text.count >= mark + 22 {
                guard let sent = Double(String(decoding: text[(mark + 6)..<(mark + 22)], as: UTF8.self)) else {
                    throw .malformedAnswer("an event without its time")
                }
                delays.append(now - sent / 1e9)
                text.removeFirst(mark + 22)
            }
        }
        return delays
    }

    /// A connection that has had its first answer; the caller closes it.
    func answered() throws(BenchmarkError) -> Int32 {
        let socket = try connect()
        try send("GET", "/bytes/2", on: socket)
        try receive("\r\n\r\naa", on: socket)
        return socket
    }

    /// Opens a stream on a connection and returns when its first event has come.
    func openStream(on socket: Int32) throws(BenchmarkError) {
        try send("GET", "/open", on: socket)
        try receive("data: ", on: socket)
    }

    private func receive(_ mark: StaticString, on socket: Int32) throws(BenchmarkError) {
        var text: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4_096)
        while text.withUnsafeBytes({ $0.firstOffset(of: mark) }) == nil {
            let more = recv(socket, &chunk, chunk.count, 0)
            guard more > 0 else { throw .malformedAnswer("a connection ended before its answer was whole") }
            text += chunk[..<more]
        }
    }
}
