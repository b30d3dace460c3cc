// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What carrying a request to its target with a credential in it costs, beside what others do who put a header in.
///
/// The target is an nginx that answers 1 KB of JSON to the right key and 401 to any other, so every 200 proves that the
/// credential was there. Attaché checks token, attachment, hosts and addresses, scrubs the answer and records the attempt;
/// the others add one header and do none of that. The rounds alternate. Where there are two cores, a proxy has one alone,
/// and load and target share the other.
struct ProxyBenchmark {
    private static let clients = 32
    /// Many and short: what else the machine does comes and goes, and neighbors are compared.
    private static let rounds = 16
    private static let seconds = 0.75
    private static let pacedRounds = 5
    private static let pacedSeconds = 2.0
    private static let pace = 1_000.0
    private static let key = "sk-bench-\(Payload.text(bytes: 24))"
    private static let answer = "{\"id\":\"1\",\"data\":\"\(Payload.text(bytes: 1_000))\"}"

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        guard let nginx = Machine.find("nginx") ?? (access("/usr/sbin/nginx", X_OK) == 0 ? "/usr/sbin/nginx" : nil)
        else {
            report.begin("Proxied requests")
            report.note("SKIPPED: no nginx to be the target (apt-get install nginx-light)")
            return Thresholds.proxy.forEach { report.skip($0, because: "no nginx") }
        }
        let sides = try Sides(place)
        defer { sides?.rejoin() }
        try sides?.keep(to: .load)
        let certificate = try Certificate("target", place)
        let target = Self.target(certificate == nil ? nil : try Endpoint.freePort(), certificate)
        let upstream = try Nginx(nginx, "upstream", place, server: target.text)
        defer { upstream.process.stop() }
        report.begin(
            "Proxied requests of 1 KB of JSON, \(Self.clients) clients, HTTP/1.1 with keep-alive both ways",
            "attache: token, attachment, hosts, addresses, scrubber and audit entry for each",
            "the others: one header",
            sides == nil
                ? "not pinned: that takes two cores and taskset"
                : "the proxy alone on core 1, load and target on core 0"
        )
        let plain = TargetPlace(port: upstream.port, certificate: nil)
        let direct = Contestant("direct", upstream, Self.request(bearer: Self.key))
        let scene = (nginx: nginx, sides: sides)
        try compare(plain, scene, [direct], Thresholds.proxyPlain, isPaced: true, &report)
        guard let certificate, let port = target.port else {
            report.note("SKIPPED: no openssl for a target with TLS")
            return Thresholds.proxyTLS.forEach { report.skip($0, because: "no openssl") }
        }
        report.begin("The same with TLS to the target", "its certificate is verified by all of them")
        let secure = TargetPlace(port: port, certificate: certificate.certificate)
        try compare(secure, scene, [], Thresholds.proxyTLS, isPaced: false, &report)
    }

    /// Measures the ways to one target in turn, Attaché's and those of the others that are there.
    private func compare(
        _ target: TargetPlace,
        _ scene: (nginx: String, sides: Sides?),
        _ direct: [Contestant],
        _ thresholds: [Threshold],
        isPaced: Bool,
        _ report: inout Report
    ) throws(BenchmarkError) {
        try scene.sides?.keep(to: .proxy)
        let name = target.certificate == nil ? "proxy" : "proxy-tls"
        var environment = target.certificate.map { ["ATTACHE_PROXY_TRUST": $0] } ?? [:]
        // As many event loops as cores, as all the others have one thread for it.
        if scene.sides != nil { environment["NIO_SINGLETON_GROUP_LOOP_COUNT"] = "1" }
        let server = try AttacheServer(
            name,
            data: place.folder(name, in: place.disk),
            place: place,
            environment: environment
        )
        defer { server.process.stop() }
        let token = try server.attachCredential(Self.key, to: target.port, overTLS: target.certificate != nil)
        let via = Self.request(bearer: token, path: "/v1/via/Target/")
        var contestants = direct + [Contestant("attache", server.process, server.network, via)]
        let front = try Nginx(scene.nginx, "\(name)-front", place, server: Self.front(target))
        defer { front.process.stop() }
        contestants.append(Contestant("nginx, proxy_set_header", front, Self.request()))
        var others: [ChildProcess] = []
        defer { for other in others { other.stop() } }
        for kind in Peer.Kind.allCases {
            guard let peer = try Peer(kind, place, target, Self.key) else {
                report.note(
                    "\(kind.rawValue) SKIPPED: no `\(kind.program)` in PATH (docs/benchmarks.md says how to install it)"
                )
                continue
            }
            others.append(peer.process)
            contestants.append(Contestant(kind.rawValue, peer.process, .loopback(peer.port), Self.request()))
        }
        try scene.sides?.keep(to: .load)
        for index in contestants.indices { try contestants[index].warmUp(0.5) }
        for round in 0..<Self.rounds {
            // There and back, so that nobody is always the first of two.
            let order = round.isMultiple(of: 2) ? Array(contestants.indices) : contestants.indices.reversed()
            for index in order { try contestants[index].measure(Self.seconds) }
        }
        let envoy = contestants.first { $0.name == Peer.Kind.envoy.rawValue }
        report.table(
            ["", "per second", "lowest", "highest", "to Envoy", "p50", "p99", "CPU each", "to Envoy's"],
            contestants.map { $0.row(beside: envoy) }
        )
        report.note("memory of attache: \(try server.process.memory().peak.text(decimals: 1)) MB at most")
        if let envoy, let attache = contestants.first(where: { $0.name == "attache" }) {
            report.judge(thresholds[0], Samples.ratio(attache.rates, envoy.rates))
            report.judge(thresholds[1], Samples.ratio(attache.processorTimes, envoy.processorTimes))
        } else {
            for threshold in thresholds { report.skip(threshold, because: "no Envoy") }
        }
        if isPaced { try pace(contestants, &report) }
    }

    /// How much later an answer comes than from the target itself, at a rate that leaves every proxy time to rest.
    private func pace(_ all: [Contestant], _ report: inout Report) throws(BenchmarkError) {
        // One that cannot keep up would only show how long its queue has become.
        var contestants = all.filter { $0.name == "attache" || Samples($0.rates).median > 2 * Self.pace }
        for name in all.map(\.name) where !contestants.contains(where: { $0.name == name }) {
            report.note("\(name) SKIPPED: too slow for \(Self.pace.text(decimals: 0)) requests/s")
        }
        for _ in 0..<Self.pacedRounds {
            for index in contestants.indices {
                try contestants[index].measure(Self.pacedSeconds, perSecond: Self.pace)
            }
        }
        guard let direct = contestants.first, let attache = contestants.first(where: { $0.name == "attache" }) else {
            return Thresholds.proxyAdded.forEach { report.skip($0, because: "too slow a machine") }
        }
        report.note("at \(Self.pace.text(decimals: 0)) requests/s, counted from when each was due:")
        report.table(
            ["", "p50", "p99", "added p50", "added p99", "CPU each"],
            contestants.map { $0.pacedRow(beside: direct) }
        )
        report.judge(Thresholds.addedMedian, attache.added(50, to: direct) * 1e6)
        report.judge(Thresholds.addedTail, attache.added(99, to: direct) * 1e3)
    }

    private static func request(bearer token: String? = nil, path: String = "/") -> String {
        let field = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n"
    }

    /// The target's part of a configuration, and its port with TLS.
    private static func target(_ port: UInt16?, _ certificate: Certificate?) -> (text: String, port: UInt16?) {
        var listener = ""
        if let port, let certificate {
            listener = """
                listen 127.0.0.1:\(port) ssl backlog=1024;
                ssl_certificate \(certificate.certificate);
                ssl_certificate_key \(certificate.key);

                """
        }
        let text = """
            \(listener)default_type application/json;
            location / {
                if ($http_authorization != "Bearer \(key)") { return 401; }
                return 200 '\(answer)';
            }
            """
        return (text, port)
    }

    private static func front(_ target: TargetPlace) -> String {
        var verification = ""
        if let certificate = target.certificate {
            verification = """
                proxy_ssl_trusted_certificate \(certificate);
                proxy_ssl_verify on;
                proxy_ssl_name localhost;
                """
        }
        return """
            location / {
                proxy_pass \(target.scheme)://target;
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                proxy_set_header Authorization "Bearer \(key)";
                \(verification)
            }
            } upstream target { server 127.0.0.1:\(target.port); keepalive 64;
            """
    }
}

/// The two cores of a comparison: what a thread starts stays on the core that the thread was on.
private struct Sides {
    enum Side: String {
        case load = "0"
        case proxy = "1"
    }

    private let taskset: String
    private let log: String
    private let before: String

    /// Nil on one core, and without `taskset`.
    init?(_ place: Workplace) throws(BenchmarkError) {
        guard Machine.cores > 1, let taskset = Machine.find("taskset") else { return nil }
        self.taskset = taskset
        log = "\(place.sockets)/taskset.log"
        let text = try Self.run(taskset, ["-cp", "\(getpid())"], log)
        before = text.split(separator: " ").last.map { String($0.prefix { $0 != "\n" }) } ?? "0-\(Machine.cores - 1)"
    }

    /// Moves the main thread, which measures, and what it starts from now on.
    func keep(to side: Side) throws(BenchmarkError) {
        _ = try Self.run(taskset, ["-cp", side.rawValue, "\(getpid())"], log)
    }

    func rejoin() { _ = try? Self.run(taskset, ["-cp", before, "\(getpid())"], log) }

    private static func run(_ program: String, _ arguments: [String], _ log: String) throws(BenchmarkError) -> String {
        try ChildProcess(program, arguments, environment: ["PATH": "/usr/bin:/bin"], log: log).finish(within: 10)
    }
}

/// One way to the target, and what its rounds came to.
private struct Contestant {
    let name: String
    private let process: ChildProcess
    private var generator: LoadGenerator<Asker>
    private var latencies: [Double] = []
    private(set) var rates: [Double] = []
    /// Seconds of processor time for one answer, of each round.
    private(set) var processorTimes: [Double] = []

    /// The latencies of each round at a fixed rate.
    private var paced: [Samples] = []
    private var pacedCount = 0
    private var pacedProcessorSeconds = 0.0

    init(_ name: String, _ process: ChildProcess, _ endpoint: Endpoint, _ request: String) {
        self.name = name
        self.process = process
        let asker = Asker(request: Array(request.utf8))
        generator = LoadGenerator(name, at: endpoint, clients: Array(repeating: asker, count: 32))
    }

    init(_ name: String, _ nginx: Nginx, _ request: String) {
        self.init(name, nginx.process, nginx.endpoint, request)
    }

    /// How much later than the other's its answers come, by that percentile of each round: the rounds' median.
    func added(_ percentile: Double, to other: Contestant) -> Double {
        Samples(zip(paced, other.paced).map { $0.percentile(percentile) - $1.percentile(percentile) }).median
    }

    mutating func warmUp(_ seconds: Double) throws(BenchmarkError) { _ = try generator.run(seconds: seconds) }

    mutating func measure(_ seconds: Double) throws(BenchmarkError) {
        let before = try process.processorSeconds()
        let result = try generator.run(seconds: seconds)
        processorTimes.append(try (process.processorSeconds() - before) / Double(result.latencies.count))
        rates.append(result.rate)
        latencies += result.latencies
    }

    mutating func measure(_ seconds: Double, perSecond rate: Double) throws(BenchmarkError) {
        let before = try process.processorSeconds()
        let result = try generator.run(seconds: seconds, perSecond: rate)
        pacedProcessorSeconds += try process.processorSeconds() - before
        paced.append(Samples(result.latencies))
        pacedCount += result.latencies.count
    }

    func row(beside peer: Contestant?) -> [String] {
        let rounds = Samples(rates)
        let all = Samples(latencies)
        return [
            name, rounds.median.text(decimals: 0), rounds.minimum.text(decimals: 0), rounds.maximum.text(decimals: 0),
            peer.map { Samples.ratio(rates, $0.rates).times } ?? "", all.median.milliseconds,
            all.percentile(99).milliseconds, Samples(processorTimes).median.microseconds,
            peer.map { Samples.ratio(processorTimes, $0.processorTimes).times } ?? "",
        ]
    }

    func pacedRow(beside direct: Contestant) -> [String] {
        [
            name, Samples(paced.map(\.median)).median.microseconds,
            Samples(paced.map { $0.percentile(99) }).median.microseconds, added(50, to: direct).microseconds,
            added(99, to: direct).microseconds, (pacedProcessorSeconds / Double(pacedCount)).microseconds,
        ]
    }
}

/// Asks for the same again and again.
private struct Asker: LoadClient {
    let request: [UInt8]

    func nextRequest() -> [UInt8] { request }

    func accepts(_ answer: HTTPAnswer) -> Bool { answer.status == 200 && answer.body.count > 1_000 }
}

extension AttacheServer {
    /// Makes a credential for a port of this machine and an agent that has it, and returns the agent's token.
    func attachCredential(
        _ key: String,
        to port: UInt16,
        overTLS isSecure: Bool = false
    ) throws(BenchmarkError) -> String {
        let host = "\(isSecure ? "https" : "http")://127.0.0.1:\(port)"
        try operatorSocket.json(
            "POST",
            "/api/v1/credentials",
            ["name": "Target", "type": "API_KEY", "value": key, "hosts": [host]]
        )
        try operatorSocket.json("POST", "/api/v1/agents", ["name": "bench"])
        let attached = try operatorSocket.json(
            "POST",
            "/api/v1/agents/bench/credentials",
            ["credentialId": "Target"]
        )
        guard let token = attached["proxyToken"] as? String else {
            throw .malformedAnswer("POST /api/v1/agents/bench/credentials: no proxyToken")
        }
        return token
    }
}
