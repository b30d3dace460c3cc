// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// How many starts a second the server answers, beside one OpenBao node on the same disk.
///
/// A start hands out 20 entries, with receipt and audit entry durable before the answer. OpenBao writes one value of
/// the same size, and reads one. The rounds alternate, so that what neighbours do to the machine meets both.
struct StartBenchmark {
    private static let entryCount = 20
    private static let valueBytes = 64
    private static let fullLoad = 32
    /// Rounds of each number of clients, and their seconds.
    private static let loads: [(clients: Int, rounds: Int, seconds: Double)] = [
        (1, 4, 1), (8, 4, 1), (fullLoad, 10, 1.5),
    ]
    private static let warmUpSeconds = 0.5

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        report.begin(
            "Starts of \(Self.entryCount) entries of \(Self.valueBytes) bytes, on \(place.diskFileSystem)",
            "attache: POST /starts, an agent for each client, receipt and audit durable before the answer",
            "OpenBao: raft, KV v2, service token bound by one policy, one value a request"
        )
        if !place.isOnDisk { report.note("NOT A DISK: the numbers say nothing about durable writes") }
        let server = try AttacheServer("starts", data: place.folder("starts", in: place.disk), place: place)
        defer { server.process.stop() }
        let entries = try server.createEntries(Self.entryCount, valueBytes: Self.valueBytes)
        let names = entries.map { String($0.prefix { $0 != "=" }) }
        var startClients: [StartClient] = []
        for index in 0..<Self.fullLoad {
            let token = try server.createAgent("bench-\(index)", entries: names)
            startClients.append(StartClient(token: token, replica: "replica-\(index)", expecting: entries))
        }

        var node: OpenBaoNode?
        if let program = Machine.find(OpenBaoNode.program) {
            node = try OpenBaoNode(program: program, data: place.folder("openbao", in: place.disk), place: place)
        }
        defer { node?.process.stop() }
        let value = Payload.text(bytes: Self.valueBytes)
        if let node { try node.store(value, count: Self.entryCount) }

        var rows: [[String]] = []
        var probe = DiskProbe(in: place.disk)
        for load in Self.loads {
            var starts = Measured(
                "attache, starts",
                LoadGenerator(
                    "POST /api/v1/starts",
                    at: .unix(server.agentSocket),
                    clients: Array(startClients[..<load.clients])
                ),
                of: server.process
            )
            var writes = node.map { $0.measured("writes", $0.writers(load.clients, of: value)) }
            var reads = node.map { $0.measured("reads", $0.readers(load.clients, of: value, count: Self.entryCount)) }
            try starts.warmUp(Self.warmUpSeconds)
            try writes?.warmUp(Self.warmUpSeconds)
            try reads?.warmUp(Self.warmUpSeconds)
            for round in 0..<load.rounds {
                // First in one round, last in the next: what writes leave behind on the disk meets the starts too.
                if round.isMultiple(of: 2) { try starts.measure(load.seconds) }
                try writes?.measure(load.seconds)
                try reads?.measure(load.seconds)
                if !round.isMultiple(of: 2) { try starts.measure(load.seconds) }
                try probe.measure(100 / load.rounds)
            }
            let toWrites = writes.map { Samples.ratio(starts.rates, $0.rates).times } ?? ""
            rows.append(starts.row(clients: load.clients, ratio: toWrites))
            if let writes { rows.append(writes.row(clients: load.clients, ratio: 1.0.times)) }
            if let reads { rows.append(reads.row(clients: load.clients, ratio: "")) }
            if load.clients == Self.fullLoad { try judge(starts, writes, reads, server, &report) }
        }
        report.table(
            ["", "clients", "per second", "lowest", "highest", "to writes", "p50", "p99", "CPU each", "load's CPU"],
            rows
        )
        let sync = Samples(probe.seconds)
        report.note(
            "fdatasync of 4 KiB appended, \(probe.seconds.count) times between the rounds: "
                + "median \(sync.median.milliseconds), p99 \(sync.percentile(99).milliseconds)"
        )
        let memory = try server.process.memory()
        report.note(
            "memory of attache: \(memory.now.text(decimals: 1)) MB, at most \(memory.peak.text(decimals: 1)) MB"
        )
        if let node {
            report.note("memory of OpenBao: \(try node.process.memory().now.text(decimals: 1)) MB")
        } else {
            report.note("OpenBao SKIPPED: no `bao` in PATH (docs/benchmarks.md says how to install it)")
        }
    }

    private func judge(
        _ starts: Measured<StartClient>,
        _ writes: Measured<ValueWriter>?,
        _ reads: Measured<ValueReader>?,
        _ server: AttacheServer,
        _ report: inout Report
    ) throws(BenchmarkError) {
        report.judge(Thresholds.serverMemory, try server.process.memory().peak)
        guard let writes, let reads else {
            for threshold in [
                Thresholds.startsAgainstWrites, Thresholds.startLatencyAgainstWrites, Thresholds.startsAgainstReads,
            ] {
                report.skip(threshold, because: "no OpenBao")
            }
            return
        }
        let environments = reads.rates.map { $0 / Double(Self.entryCount) }
        report.judge(Thresholds.startsAgainstWrites, Samples.ratio(starts.rates, writes.rates))
        report.judge(Thresholds.startLatencyAgainstWrites, Samples.ratio(starts.slowest, writes.slowest))
        report.judge(Thresholds.startsAgainstReads, Samples.ratio(starts.rates, environments))
    }
}

/// One replica of one agent that keeps starting.
struct StartClient: LoadClient {
    private var request: [UInt8]
    private let digits: Range<Int>
    private var count = UInt64.random(in: 0...(.max / 2))
    private let body: [UInt8]
    private let strings: Set<String>

    /// `expecting` are the strings `NAME=value` of its environment.
    init(token: String, replica: String, expecting strings: [String]) {
        let head = "POST /api/v1/starts HTTP/1.1\r\nHost: attache\r\nAttache-Instance: \(replica)\r\nAttache-Start: "
        let salt = String(UInt64.random(in: 0...(.max)), radix: 16)
        let fixed = Array((head + String(repeating: "0", count: 16 - salt.count) + salt).utf8)
        digits = fixed.count..<fixed.count + 16
        let rest = "0000000000000000\r\nAuthorization: Bearer \(token)\r\nContent-Length: 0\r\n\r\n"
        request = fixed + rest.utf8
        self.strings = Set(strings)
        body = strings.flatMap { Array($0.utf8) + [0] }
    }

    /// The same request with another `Attache-Start`.
    mutating func nextRequest() -> [UInt8] {
        count += 1
        var left = count
        for position in digits.reversed() {
            let digit = UInt8(left & 15)
            request[position] = digit < 10 ? 0x30 + digit : 0x61 + digit - 10
            left >>= 4
        }
        return request
    }

    func accepts(_ answer: HTTPAnswer) -> Bool {
        guard answer.status == 200, answer.body.count == body.count else { return false }
        if let base = answer.body.baseAddress, memcmp(base, body, body.count) == 0 { return true }
        // The order is not promised.
        let received = answer.body.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return received.count == strings.count && Set(received) == strings
    }
}

/// Reads the values of an environment one after the other.
private struct ValueReader: LoadClient {
    private let requests: [[UInt8]]
    private var position: Int
    private let value: [UInt8]

    init(token: String, paths: [String], value: String, startingAt position: Int) {
        requests = paths.map { path in
            Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Vault-Token: \(token)\r\n\r\n".utf8)
        }
        self.position = position % paths.count
        self.value = Array(value.utf8)
    }

    mutating func nextRequest() -> [UInt8] {
        position = (position + 1) % requests.count
        return requests[position]
    }

    func accepts(_ answer: HTTPAnswer) -> Bool {
        answer.status == 200 && value.withUnsafeBytes { answer.body.firstOffset(of: $0) } != nil
    }
}

extension OpenBaoNode {
    /// Stores the values of one environment.
    fileprivate func store(_ value: String, count: Int) throws(BenchmarkError) {
        for index in 0..<count {
            try endpoint.json(
                "POST",
                Self.path("value-\(index)"),
                ["data": ["value": value]],
                headers: ["X-Vault-Token": token]
            )
        }
    }

    fileprivate func readers(_ clients: Int, of value: String, count: Int) -> [ValueReader] {
        let paths = (0..<count).map { Self.path("value-\($0)") }
        return (0..<clients).map { ValueReader(token: token, paths: paths, value: value, startingAt: $0) }
    }
}
