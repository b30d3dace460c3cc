// SPDX-License-Identifier: Apache-2.0

/// What must be reached on two cores; the benchmark ends with 1 when a line is missed.
///
/// Ratios are against what ran beside it in the same run, so that the machine and its load cancel out.
enum Thresholds {
    static let startsAgainstWrites = Threshold(
        "starts of 20 entries ÷ OpenBao's durable writes, 32 clients",
        .atLeast(1.5, unit: "×")
    )
    static let startLatencyAgainstWrites = Threshold(
        "p99 of a start ÷ p99 of OpenBao's durable write, 32 clients",
        .atMost(1.0, unit: "×")
    )
    static let startsAgainstReads = Threshold(
        "starts of 20 entries ÷ environments read value by value from OpenBao",
        .atLeast(10, unit: "×")
    )
    static let serverMemory = Threshold("peak memory of the server, 32 clients", .atMost(60, unit: "MB"))

    static let wrapperAgainstEnv = Threshold(
        "attache-exec with 10 entries ÷ /usr/bin/env with 10 variables",
        .atMost(2.0, unit: "×")
    )
    static let wrapperAgainstDoppler = Threshold(
        "attache-exec with 10 entries ÷ doppler run with 10 of a loopback API",
        .atMost(0.25, unit: "×")
    )
    static let wrapperOverTLS = Threshold("attache-exec-tls with 10 entries over TLS 1.3", .atMost(6, unit: "ms"))
    static let tlsSize = Threshold("attache-exec-tls, stripped", .atMost(6, unit: "MB"))
    static let tlsMemory = Threshold("peak memory of attache-exec-tls", .atMost(10, unit: "MB"))
    static let supervisorMemory = Threshold(
        "resident memory of an idle attache-exec --supervise",
        .atMost(2, unit: "MB")
    )
    static let supervisorTime = Threshold(
        "processor time of an idle attache-exec --supervise in two seconds",
        .atMost(0, unit: "ms")
    )
    static let wrapperOnDisk = Threshold(
        "what the disk adds to attache-exec ÷ fdatasync",
        .atMost(1.5, unit: "×")
    )
    static let wrapperSize = Threshold("attache-exec, stripped", .atMost(0.8, unit: "MB"))
    static let wrapperMemory = Threshold("peak memory of attache-exec", .atMost(3, unit: "MB"))
    static let wrapperDynamicParts = Threshold(
        "interpreters and dynamic sections in attache-exec",
        .atMost(0, unit: "")
    )

    static let proxyAgainstEnvoy = Threshold(
        "proxied requests of 1 KB ÷ Envoy's credential_injector, 32 clients",
        .atLeast(1.0, unit: "×")
    )
    static let proxyProcessorTime = Threshold(
        "processor time of a proxied request ÷ Envoy's",
        .atMost(1.0, unit: "×")
    )
    static let proxyPlain = [proxyAgainstEnvoy, proxyProcessorTime]
    static let proxyTLS = [
        Threshold("the same with TLS to the target", .atLeast(1.0, unit: "×")),
        Threshold("processor time of one with TLS to the target ÷ Envoy's", .atMost(1.0, unit: "×")),
    ]
    static let addedMedian = Threshold("what the proxy adds to p50 at 1,000 requests/s", .atMost(300, unit: "µs"))
    static let addedTail = Threshold("what the proxy adds to p99 at 1,000 requests/s", .atMost(2, unit: "ms"))
    static let proxyAdded = [addedMedian, addedTail]
    static let proxy = proxyPlain + proxyTLS + proxyAdded
    static let streamRate = Threshold("an answer of 1 GB through the proxy", .atLeast(500, unit: "MB/s"))
    static let streamMemory = Threshold("peak memory of the server that streamed it", .atMost(80, unit: "MB"))
    static let eventDelay = Threshold("p99 of an event's way from the target to the agent", .atMost(1, unit: "ms"))
    static let openConnections = Threshold("memory of the server with 1,000 connections", .atMost(64, unit: "MB"))

    static let page = Threshold("a page of a list or search of 100,000 entries", .atMost(10, unit: "ms"))
    static let wholeVaultJob = Threshold(
        "check of the audit trail of 100,000 entries ÷ of 10,000",
        .atMost(10.5, unit: "×")
    )
    static let parsing = Threshold("reading a .env file of 1 MiB, of processor time", .atLeast(200, unit: "MB/s"))

    static let importTime = Threshold("import of 2,000 entries in one archive", .atMost(1, unit: "s"))
    static let importMemory = Threshold(
        "what an import of 16 MB adds to the server's peak memory ÷ what the archive expands to",
        .atMost(3, unit: "×")
    )
    static let bombTime = Threshold("refusal of an archive that expands to 4 GiB", .atMost(2, unit: "s"))
    static let bombMemory = Threshold("what that refusal adds to the server's peak memory", .atMost(64, unit: "MB"))

    static let containerStart = Threshold("what a container takes longer with an agent", .atMost(5, unit: "ms"))
    static let containersAtOnce = Threshold("100 containers at once, with an agent ÷ without", .atMost(1.1, unit: "×"))
    static let hookMemory = Threshold("peak memory of attache-hook", .atMost(8, unit: "MB"))
    static let writesAgainstOpenBao = Threshold(
        "durable writes with audit ÷ OpenBao's durable writes, 32 clients",
        .atLeast(3, unit: "×")
    )
    static let writeLatencyAgainstOpenBao = Threshold(
        "p99 of such a write ÷ p99 of OpenBao's, 32 clients",
        .atMost(1.0, unit: "×")
    )
    static let writesAgainstEtcd = Threshold(
        "durable writes with audit ÷ etcd's puts, 32 clients",
        .atLeast(0.5, unit: "×")
    )
    static let verification = Threshold("verification of 100,000 entries", .atLeast(20_000, unit: "records/s"))
    static let backup = Threshold("backup of 100,000 entries, verified", .atMost(20, unit: "s"))
    static let resealing = Threshold(
        "sealing 100,000 entries anew while writes go on",
        .atLeast(5_000, unit: "records/s")
    )
    static let writeBesideRotation = Threshold("p99 of a write while keys rotate", .atMost(60, unit: "ms"))
    static let verificationTenfold = Threshold("verification of 100,000 entries ÷ of 10,000", .atMost(10.5, unit: "×"))
    static let backupTenfold = Threshold("backup of 100,000 entries ÷ of 10,000", .atMost(10.5, unit: "×"))
    static let rotationTenfold = Threshold("rotation over 100,000 entries ÷ over 10,000", .atMost(10.5, unit: "×"))
    static let startTenfold = Threshold("a start among 100,000 entries ÷ among 10,000", .atMost(1.2, unit: "×"))

    static let coldStart = Threshold("attache serve to ready, 10,000 entries", .atMost(1, unit: "s"))
}

/// One thing that must be reached.
struct Threshold {
    enum Bound {
        case atMost(Double, unit: String)
        case atLeast(Double, unit: String)
    }

    let name: String
    let bound: Bound

    init(_ name: String, _ bound: Bound) {
        self.name = name
        self.bound = bound
    }

    func isMet(by measured: Double) -> Bool {
        switch bound {
        case .atMost(let limit, _): measured <= limit
        case .atLeast(let limit, _): measured >= limit
        }
    }
}
