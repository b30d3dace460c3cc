// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// What carrying a request to its target with a credential in it costs, beside what others do who put a header in.
///
/// The target is an nginx that answers 1 KB of JSON to the right key and 401 to any other, so every 200 proves that the
/// credential was there. Attaché checks token, attachment, hosts and addresses, scrubs the answer and records the attempt;
/// the others add one header and do none of that. The rounds alternate.
struct ProxyBenchmark {
    private static let clients = 32
    private static let rounds = 6
    private static let seconds = 2.0
    private static let key = "sk-bench-\(Payload.text(bytes: 24))"
    private static let answer = "{\"id\":\"1\",\"data\":\"\(Payload.text(bytes: 1_000))\"}"

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        report.begin(
            "Proxied requests of 1 KB of JSON, \(Self.clients) clients, HTTP/1.1 with keep-alive both ways",
            "attache: token, attachment, hosts, addresses, scrubber and audit entry for each",
            "the others: one header"
        )
        guard let nginx = Machine.find("nginx") ?? (access("/usr/sbin/nginx", X_OK) == 0 ? "/usr/sbin/nginx" : nil)
        else {
            report.note("SKIPPED: no nginx to be the target (apt-get install nginx-light)")
            return report.skip(Thresholds.proxyAgainstEnvoy, because: "no nginx")
        }
        let upstream = try Nginx(nginx, "upstream", place, server: Self.target)
        defer { upstream.process.stop() }
        var contestants = [Contestant("direct", upstream.process, upstream.endpoint, Self.request(bearer: Self.key))]
        let server = try AttacheServer("proxy", data: place.folder("proxy", in: place.disk), place: place)
        defer { server.process.stop() }
        let token = try server.attachCredential(Self.key, to: upstream.port)
        let via = Self.request(bearer: token, path: "/v1/via/Target/")
        contestants.append(Contestant("attache", server.process, server.network, via))
        let front = try Nginx(nginx, "front", place, server: Self.front(upstream.port))
        defer { front.process.stop() }
        contestants.append(Contestant("nginx, proxy_set_header", front.process, front.endpoint, Self.request()))
        var others: [ChildProcess] = []
        defer { for other in others { other.stop() } }
        for peer in [try Peer.envoy(place, upstream.port, Self.key), try Peer.caddy(place, upstream.port, Self.key)] {
            guard let peer else { continue }
            others.append(peer.process)
            contestants.append(Contestant(peer.name, peer.process, .loopback(peer.port), Self.request()))
        }
        for index in contestants.indices { try contestants[index].warmUp(0.5) }
        for _ in 0..<Self.rounds {
            for index in contestants.indices { try contestants[index].measure(Self.seconds) }
        }
        let envoy = contestants.first { $0.name.hasPrefix("Envoy") }
        report.table(
            ["", "per second", "lowest", "highest", "to Envoy", "p50", "p99", "CPU each"],
            contestants.map { contestant in
                contestant.row(ratio: envoy.map { Samples.ratio(contestant.rates, $0.rates).times } ?? "")
            }
        )
        report.note("memory of attache: \(try server.process.memory().peak.text(decimals: 1)) MB at most")
        guard let envoy, let attache = contestants.first(where: { $0.name == "attache" }) else {
            report.note("Envoy SKIPPED: no `envoy` in PATH (docs/benchmarks.md says how to install it)")
            report.skip(Thresholds.proxyAgainstEnvoy, because: "no Envoy")
            return report.skip(Thresholds.proxyProcessorTime, because: "no Envoy")
        }
        report.judge(Thresholds.proxyAgainstEnvoy, Samples.ratio(attache.rates, envoy.rates))
        report.judge(Thresholds.proxyProcessorTime, attache.processorTime / envoy.processorTime)
    }

    private static func request(bearer token: String? = nil, path: String = "/") -> String {
        let field = token.map { "Authorization: Bearer \($0)\r\n" } ?? ""
        return "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(field)\r\n"
    }

    private static let target = """
        default_type application/json;
        location / {
            if ($http_authorization != "Bearer \(key)") { return 401; }
            return 200 '\(answer)';
        }
        """

    private static func front(_ port: UInt16) -> String {
        """
        location / {
            proxy_pass http://target;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Authorization "Bearer \(key)";
        }
        } upstream target { server 127.0.0.1:\(port); keepalive 64;
        """
    }
}

/// An nginx with one worker and one server.
private struct Nginx {
    let process: ChildProcess
    let port: UInt16

    var endpoint: Endpoint { .loopback(port) }

    init(_ program: String, _ name: String, _ place: Workplace, server: String) throws(BenchmarkError) {
        let port = try Endpoint.freePort()
        self.port = port
        let folder = "\(place.sockets)/nginx-\(name)"
        guard mkdir(folder, 0o755) == 0 || errno == EEXIST else { throw .system("mkdir \(folder)", errno) }
        // Master and worker are one process, whose processor time is then all there is.
        try place.write(
            """
            worker_processes 1; daemon off; master_process off; pid \(folder)/pid; error_log \(folder)/log;
            events { worker_connections 4096; }
            http {
                access_log off; keepalive_requests 100000000;
                client_body_temp_path \(folder)/a; proxy_temp_path \(folder)/b; fastcgi_temp_path \(folder)/c;
                uwsgi_temp_path \(folder)/d; scgi_temp_path \(folder)/e;
                server { listen 127.0.0.1:\(port) backlog=1024;
                \(server)
                }
            }

            """,
            to: "\(folder)/conf"
        )
        process = try ChildProcess(
            program,
            ["-p", folder, "-c", "\(folder)/conf", "-e", "\(folder)/log"],
            environment: ["PATH": "/usr/sbin:/usr/bin:/bin"],
            log: "\(folder)/stderr"
        )
        let endpoint = Endpoint.loopback(port)
        try process.untilAnswered("nginx \(name)", within: 20) { () throws(BenchmarkError) in
            try endpoint.send("GET", "/").status > 0
        }
    }
}

/// Another program that puts the key in.
private struct Peer {
    let name: String
    let process: ChildProcess
    let port: UInt16

    static func envoy(_ place: Workplace, _ target: UInt16, _ key: String) throws(BenchmarkError) -> Peer? {
        guard let program = Machine.find("envoy") else { return nil }
        let port = try Endpoint.freePort()
        let file = "\(place.sockets)/envoy.yaml"
        try place.write(
            """
            static_resources:
              listeners:
              - address: {socket_address: {address: 127.0.0.1, port_value: \(port)}}
                filter_chains:
                - filters:
                  - name: envoy.filters.network.http_connection_manager
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                      stat_prefix: bench
                      route_config:
                        virtual_hosts:
                        - {name: all, domains: ["*"], routes: [{match: {prefix: "/"}, route: {cluster: target}}]}
                      http_filters:
                      - name: envoy.filters.http.credential_injector
                        typed_config:
                          "@type": type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector
                          overwrite: true
                          credential:
                            name: envoy.http.injected_credentials.generic
                            typed_config:
                              "@type": type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic
                              credential: {name: credential, sds_config: {path_config_source: {path: \(place.sockets)/secret.yaml}}}
                              header: Authorization
                      - name: envoy.filters.http.router
                        typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
              clusters:
              - name: target
                type: STATIC
                load_assignment:
                  cluster_name: target
                  endpoints:
                  - lb_endpoints:
                    - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: \(target)}}}

            """,
            to: file
        )
        try place.write(
            """
            resources:
            - "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
              name: credential
              generic_secret: {secret: {inline_string: "Bearer \(key)"}}

            """,
            to: "\(place.sockets)/secret.yaml"
        )
        let identity = ["--service-node", "bench", "--service-cluster", "bench"]
        let arguments = ["-c", file, "--concurrency", "1", "--log-level", "error", "--disable-hot-restart"] + identity
        return try Peer("Envoy, credential_injector", program, arguments, port, place)
    }

    static func caddy(_ place: Workplace, _ target: UInt16, _ key: String) throws(BenchmarkError) -> Peer? {
        guard let program = Machine.find("caddy") else { return nil }
        let port = try Endpoint.freePort()
        let file = "\(place.sockets)/Caddyfile"
        try place.write(
            """
            {
                admin off
                auto_https off
            }
            http://127.0.0.1:\(port) {
                reverse_proxy 127.0.0.1:\(target) {
                    header_up Authorization "Bearer \(key)"
                }
            }

            """,
            to: file
        )
        return try Peer("Caddy, header_up", program, ["run", "--config", file, "--adapter", "caddyfile"], port, place)
    }

    private init(
        _ name: String,
        _ program: String,
        _ arguments: [String],
        _ port: UInt16,
        _ place: Workplace
    ) throws(BenchmarkError) {
        self.name = name
        self.port = port
        process = try ChildProcess(
            program,
            arguments,
            environment: ["HOME": place.sockets, "PATH": "/usr/bin:/bin", "GOMAXPROCS": "1"],
            log: "\(place.sockets)/\(program.split(separator: "/").last ?? "peer").log"
        )
        let endpoint = Endpoint.loopback(port)
        try process.untilAnswered(name, within: 30) { () throws(BenchmarkError) in
            let status = try endpoint.send("GET", "/", headers: ["Host": "127.0.0.1:\(port)"]).status
            guard status == 200 else { throw .unexpectedAnswer(name, status: status, code: "") }
        }
    }
}

/// One way to the target, and what its rounds came to.
private struct Contestant {
    let name: String
    private let process: ChildProcess
    private var generator: LoadGenerator<Asker>
    private var latencies: [Double] = []
    private var processorSeconds = 0.0
    private(set) var rates: [Double] = []

    init(_ name: String, _ process: ChildProcess, _ endpoint: Endpoint, _ request: String) {
        self.name = name
        self.process = process
        let asker = Asker(request: Array(request.utf8))
        generator = LoadGenerator(name, at: endpoint, clients: Array(repeating: asker, count: 32))
    }

    /// Seconds of processor time for one answer.
    var processorTime: Double { processorSeconds / Double(latencies.count) }

    mutating func warmUp(_ seconds: Double) throws(BenchmarkError) { _ = try generator.run(seconds: seconds) }

    mutating func measure(_ seconds: Double) throws(BenchmarkError) {
        let before = try process.processorSeconds()
        let result = try generator.run(seconds: seconds)
        processorSeconds += try process.processorSeconds() - before
        rates.append(result.rate)
        latencies += result.latencies
    }

    func row(ratio: String) -> [String] {
        let rounds = Samples(rates)
        let all = Samples(latencies)
        return [
            name, rounds.median.text(decimals: 0), rounds.minimum.text(decimals: 0), rounds.maximum.text(decimals: 0),
            ratio, all.median.milliseconds, all.percentile(99).milliseconds, processorTime.microseconds,
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
    func attachCredential(_ key: String, to port: UInt16) throws(BenchmarkError) -> String {
        try operatorSocket.json(
            "POST",
            "/api/v1/credentials",
            ["name": "Target", "type": "API_KEY", "value": key, "hosts": ["http://127.0.0.1:\(port)"]]
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
