// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Durable writes beside OpenBao and etcd, and what is done to the whole vault: verification, backup, rotation.
struct VaultBenchmark {
    private static let small = 10_000
    private static let large = 100_000
    private static let valueBytes = 64
    private static let writers = 32
    private static let rounds = 6
    private static let roundSeconds = 1.5
    /// Who goes on writing while keys rotate.
    private static let writersBeside = 2
    private static let startEntries = 20

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        try writes(&report)
        try jobs(&report)
    }

    // MARK: - Writes

    private func writes(_ report: inout Report) throws(BenchmarkError) {
        report.begin(
            "Durable writes of one value of \(Self.valueBytes) bytes, \(Self.writers) clients, on \(place.diskFileSystem)",
            "attache: PATCH /secrets/NAME over TCP with a workspace key; sealed, recorded in the audit trail",
            "OpenBao: raft, KV v2, no audit device; etcd: puts, nothing sealed, nobody asked who it is"
        )
        if !place.isOnDisk { report.note("NOT A DISK: the numbers say nothing about durable writes") }
        let server = try AttacheServer("writes", data: place.folder("writes", in: place.disk), place: place)
        defer { server.process.stop() }
        let own = try secretWriters(Self.writers, of: server)
        var node: OpenBaoNode?
        if let program = Machine.find(OpenBaoNode.program) {
            node = try OpenBaoNode(program: program, data: place.folder("writes-openbao", in: place.disk), place: place)
        }
        defer { node?.process.stop() }
        var etcd: EtcdNode?
        if let program = Machine.find(EtcdNode.program) {
            etcd = try EtcdNode(program: program, data: place.folder("writes-etcd", in: place.disk), place: place)
        }
        defer { etcd?.process.stop() }

        let value = Payload.text(bytes: Self.valueBytes)
        var mine = Measured(
            "attache",
            LoadGenerator("PATCH /secrets", at: server.network, clients: own),
            of: server.process
        )
        var theirs = node.map { $0.measured("KV v2", $0.writers(Self.writers, of: value)) }
        var puts = etcd.map { etcd in
            Measured(
                "etcd, puts",
                LoadGenerator(
                    "etcd, puts",
                    at: etcd.endpoint,
                    clients: (0..<Self.writers).map { EtcdWriter(key: "bench-\($0)", value: value) }
                ),
                of: etcd.process
            )
        }
        try mine.warmUp(0.5)
        try theirs?.warmUp(0.5)
        try puts?.warmUp(0.5)
        for round in 0..<Self.rounds {
            // First in one round, last in the next: what others leave behind on the disk meets everybody.
            if round.isMultiple(of: 2) { try mine.measure(Self.roundSeconds) }
            try theirs?.measure(Self.roundSeconds)
            try puts?.measure(Self.roundSeconds)
            if !round.isMultiple(of: 2) { try mine.measure(Self.roundSeconds) }
        }
        var rows = [mine.row(clients: Self.writers, ratio: 1.0.times)]
        if let theirs {
            rows.append(theirs.row(clients: Self.writers, ratio: Samples.ratio(mine.rates, theirs.rates).times))
        }
        if let puts { rows.append(puts.row(clients: Self.writers, ratio: Samples.ratio(mine.rates, puts.rates).times)) }
        report.table(
            [
                "", "clients", "per second", "lowest", "highest", "attache to it", "p50", "p99", "CPU each",
                "load's CPU",
            ],
            rows
        )
        if let theirs {
            report.judge(Thresholds.writesAgainstOpenBao, Samples.ratio(mine.rates, theirs.rates))
            report.judge(Thresholds.writeLatencyAgainstOpenBao, Samples.ratio(mine.slowest, theirs.slowest))
        } else {
            report.skip(Thresholds.writesAgainstOpenBao, because: "no OpenBao")
            report.skip(Thresholds.writeLatencyAgainstOpenBao, because: "no OpenBao")
        }
        if let puts {
            report.judge(Thresholds.writesAgainstEtcd, Samples.ratio(mine.rates, puts.rates))
        } else {
            report.skip(Thresholds.writesAgainstEtcd, because: "no etcd")
        }
    }

    private func secretWriters(_ count: Int, of server: AttacheServer) throws(BenchmarkError) -> [SecretWriter] {
        let key = try server.createKey()
        var writers: [SecretWriter] = []
        for index in 0..<count {
            let name = "WRITER_\(index)"
            let value = Payload.text(bytes: Self.valueBytes)
            try server.operatorSocket.json("POST", "/api/v1/secrets", ["name": name, "kind": "secret", "value": value])
            writers.append(SecretWriter(key: key, name: name, value: value))
        }
        return writers
    }

    // MARK: - Jobs

    /// What the jobs on a vault of one size took, in seconds.
    private struct Jobs {
        var verify = 0.0
        var records = 0.0
        var backup = 0.0
        var reseal = 0.0
        var rotation = 0.0
        /// The p99 of writes while keys rotated.
        var writeP99 = 0.0
        var start = 0.0
    }

    private func jobs(_ report: inout Report) throws(BenchmarkError) {
        report.begin(
            "Jobs on whole vaults of \(Self.small) and \(Self.large) entries, on \(place.diskFileSystem)",
            "rotation of the epoch beside \(Self.writersBeside) clients that write all the time"
        )
        let server = try AttacheServer("jobs", data: place.folder("jobs", in: place.disk), place: place)
        defer { server.process.stop() }
        let writers = try secretWriters(Self.writersBeside, of: server)
        let held = try server.createEntries(Self.startEntries, valueBytes: Self.valueBytes)
        let token = try server.createAgent("bench", entries: held.map { String($0.prefix { $0 != "=" }) })
        let starter = StartClient(token: token, replica: "one", expecting: held)
        try server.importEntries(Self.startEntries..<Self.small)
        let few = try measure(server, writers, starter)
        try server.importEntries(Self.small..<Self.large)
        let many = try measure(server, writers, starter)
        func row(_ name: String, _ value: (Jobs) -> Double) -> [String] {
            [name, value(few).milliseconds, value(many).milliseconds, (value(many) / value(few)).times]
        }
        report.table(
            ["", "\(Self.small)", "\(Self.large)", "ratio"],
            [
                row("verify") { $0.verify }, row("backup, verified") { $0.backup },
                row("epoch: sealing anew") { $0.reseal }, row("epoch: all of it") { $0.rotation },
                row("p99 of a write beside it") { $0.writeP99 },
                row("a start of \(Self.startEntries) entries") { $0.start },
            ]
        )
        report.judge(Thresholds.verification, many.records / many.verify)
        report.judge(Thresholds.backup, many.backup)
        report.judge(Thresholds.resealing, Double(Self.large) / many.reseal)
        report.judge(Thresholds.writeBesideRotation, many.writeP99 * 1_000)
        for (threshold, job) in [
            (Thresholds.verificationTenfold, many.verify / few.verify),
            (Thresholds.backupTenfold, many.backup / few.backup),
            (Thresholds.rotationTenfold, many.rotation / few.rotation),
            (Thresholds.startTenfold, many.start / few.start),
        ] { report.judge(threshold, job) }
    }

    private func measure(
        _ server: AttacheServer,
        _ writers: [SecretWriter],
        _ starter: StartClient
    ) throws(BenchmarkError) -> Jobs {
        var jobs = Jobs()
        var starts = LoadGenerator("POST /api/v1/starts", at: .unix(server.agentSocket), clients: [starter])
        _ = try starts.run(seconds: 0.3)
        jobs.start = Samples(try starts.run(seconds: 2).latencies).median

        var begun = Machine.now
        let found = try server.operatorSocket.json("GET", "/api/v1/keys/verify")
        jobs.verify = Machine.now - begun
        guard found["intact"] as? Bool == true, let records = found["records"] as? Int else {
            throw .malformedAnswer("GET /api/v1/keys/verify: not intact")
        }
        jobs.records = Double(records)

        begun = Machine.now
        try server.operatorSocket.json("POST", "/api/v1/backups")
        try server.process.untilAnswered("backup", within: 120) { () throws(BenchmarkError) in
            let list = try server.operatorSocket.json("GET", "/api/v1/backups")
            guard list["running"] == nil else { throw .timedOut("backup") }
            guard list["lastFailure"] == nil else { throw .malformedAnswer("the backup failed") }
        }
        jobs.backup = Machine.now - begun

        begun = Machine.now
        try server.operatorSocket.json("POST", "/api/v1/keys/rotations", ["kind": "epoch"])
        var latencies: [Double] = []
        var load = LoadGenerator("PATCH /secrets", at: server.network, clients: writers)
        var phase = ""
        while phase != "done" {
            latencies += try load.run(seconds: 0.1).latencies
            let keys = try server.operatorSocket.json("GET", "/api/v1/keys")
            phase = (keys["rotation"] as? [String: Any])?["phase"] as? String ?? ""
            if jobs.reseal == 0, !["adding", "activating", "resealing"].contains(phase) {
                jobs.reseal = Machine.now - begun
            }
            guard phase != "incomplete", Machine.now - begun < 300 else { throw .timedOut("rotation of the epoch") }
        }
        jobs.rotation = Machine.now - begun
        jobs.writeP99 = Samples(latencies).percentile(99)
        return jobs
    }
}

/// Writes one value to an entry of its own, again and again.
struct SecretWriter: LoadClient {
    private let request: [UInt8]

    init(key: String, name: String, value: String) {
        let body = #"{"value":"\#(value)"}"#
        request = Array(
            """
            PATCH /api/v1/secrets/\(name) HTTP/1.1\r
            Host: 127.0.0.1\r
            Authorization: Bearer \(key)\r
            Content-Type: application/json\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8
        )
    }

    func nextRequest() -> [UInt8] { request }

    func accepts(_ answer: HTTPAnswer) -> Bool { answer.status == 200 }
}
