// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// One client of a server: what it asks next, and whether what came back is right and whole.
protocol LoadClient {
    mutating func nextRequest() -> [UInt8]
    func accepts(_ answer: HTTPAnswer) -> Bool
}

/// What a server did for some clients in some time.
struct LoadResult {
    /// Answers per second.
    let rate: Double
    /// Seconds from the first byte sent to the last one received, one for each answer.
    let latencies: [Double]
}

/// Keeps one request of every client in flight on a connection of its own (a closed loop), or asks at a fixed rate.
///
/// One thread and poll(2), since it shares the cores with the server that it measures: an answer costs two system
/// calls and no allocation. The first answer that is not right ends the measurement.
struct LoadGenerator<Client: LoadClient> {
    private struct Connection {
        let socket: Int32
        var client: Client
        let buffer: UnsafeMutableRawBufferPointer
        var filled = 0
        var sentAt = 0.0
        var isWaiting = false

        func end() {
            close(socket)
            buffer.deallocate()
        }
    }

    private let endpoint: Endpoint
    private let what: String
    private var clients: [Client]
    private let bufferSize = 64 << 10

    init(_ what: String, at endpoint: Endpoint, clients: [Client]) {
        self.what = what
        self.endpoint = endpoint
        self.clients = clients
    }

    /// Asks for `seconds`, then waits for the answers that are still due.
    ///
    /// The rate counts the answers that came within the time; the latencies are those of all.
    mutating func run(seconds: Double) throws(BenchmarkError) -> LoadResult {
        var connections = try connect()
        defer { for connection in connections { connection.end() } }
        var polled = connections.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
        var latencies: [Double] = []
        latencies.reserveCapacity(Int(seconds * 20_000))

        let start = Machine.now
        let end = start + seconds
        for index in connections.indices { try ask(&connections[index], at: Machine.now) }
        var waiting = connections.count
        var inTime = 0
        while waiting > 0 {
            guard poll(&polled, nfds_t(polled.count), 10_000) > 0 else { throw .timedOut(what) }
            for index in polled.indices where polled[index].revents != 0 && connections[index].isWaiting {
                guard try receive(&connections[index]) else { continue }
                let now = Machine.now
                latencies.append(now - connections[index].sentAt)
                if now < end {
                    inTime += 1
                    try ask(&connections[index], at: now)
                } else {
                    connections[index].isWaiting = false
                    waiting -= 1
                }
            }
        }
        clients = connections.map(\.client)
        return LoadResult(rate: Double(inTime) / seconds, latencies: latencies)
    }

    /// Asks at fixed times, whatever comes back (an open loop), then waits for the answers that are still due.
    ///
    /// A latency counts from when the request was due, also where no client was free then: nobody is spared who would have
    /// waited.
    mutating func run(seconds: Double, perSecond rate: Double) throws(BenchmarkError) -> LoadResult {
        var connections = try connect()
        defer { for connection in connections { connection.end() } }
        let count = Int(seconds * rate)
        var latencies: [Double] = []
        latencies.reserveCapacity(count)
        var free = Array(connections.indices)
        var asked = 0
        let start = Machine.now
        let deadline = start + 2 * seconds + 10
        while latencies.count < count {
            let now = Machine.now
            guard now < deadline else { throw .timedOut(what) }
            let due = start + Double(asked) / rate
            if asked < count, due <= now, let index = free.popLast() {
                try ask(&connections[index], at: due)
                asked += 1
                continue
            }
            let pause = asked < count && !free.isEmpty ? due - now : deadline - now
            // Unlike poll(2) it wakes within a millisecond.
            var limit = timespec(tv_sec: Int(pause), tv_nsec: Int(pause.truncatingRemainder(dividingBy: 1) * 1e9))
            var readable = DescriptorSet()
            for connection in connections where connection.isWaiting { readable.insert(connection.socket) }
            guard pselect(1_024, &readable.set, nil, nil, &limit, nil) > 0 else { continue }
            for index in connections.indices where readable.contains(connections[index].socket) {
                guard try receive(&connections[index]) else { continue }
                latencies.append(Machine.now - connections[index].sentAt)
                connections[index].isWaiting = false
                free.append(index)
            }
        }
        clients = connections.map(\.client)
        return LoadResult(rate: Double(count) / (Machine.now - start), latencies: latencies)
    }

    private func connect() throws(BenchmarkError) -> [Connection] {
        var connections: [Connection] = []
        do {
            for client in clients {
                let socket = try endpoint.connect()
                connections.append(
                    Connection(
                        socket: socket,
                        client: client,
                        buffer: .allocate(byteCount: bufferSize, alignment: 16)
                    )
                )
            }
        } catch {
            for connection in connections { connection.end() }
            throw error
        }
        return connections
    }

    private func ask(_ connection: inout Connection, at time: Double) throws(BenchmarkError) {
        let request = connection.client.nextRequest()
        connection.filled = 0
        connection.isWaiting = true
        connection.sentAt = time
        try Endpoint.send(request, on: connection.socket)
    }

    /// Returns whether the answer is whole.
    private func receive(_ connection: inout Connection) throws(BenchmarkError) -> Bool {
        let room = UnsafeMutableRawBufferPointer(rebasing: connection.buffer[connection.filled...])
        let count = recv(connection.socket, room.baseAddress, room.count, Int32(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN { return false }
        guard count > 0 else { throw .malformedAnswer("\(what): closed or too long before an answer was whole") }
        connection.filled += count
        let received = UnsafeRawBufferPointer(rebasing: connection.buffer[..<connection.filled])
        guard let answer = try HTTPAnswer(received) else { return false }
        guard connection.client.accepts(answer) else {
            let code = answer.status == 200 ? "with another body than it must have" : answer.errorCode
            throw .unexpectedAnswer(what, status: answer.status, code: code)
        }
        return true
    }
}

/// Descriptors below 1,024 for select(2), whose own macros are C's.
private struct DescriptorSet {
    var set = fd_set()

    mutating func insert(_ descriptor: Int32) {
        withUnsafeMutableBytes(of: &set) { $0[Int(descriptor) / 8] |= 1 << UInt8(descriptor % 8) }
    }

    mutating func contains(_ descriptor: Int32) -> Bool {
        withUnsafeBytes(of: &set) { $0[Int(descriptor) / 8] & 1 << UInt8(descriptor % 8) != 0 }
    }
}
