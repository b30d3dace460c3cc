// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The built `attache serve`, with a data folder and sockets of its own.
final class AttacheServer {
    /// Seconds from its start to the line `ready`.
    let secondsToReady: Double
    let operatorSocket: Endpoint
    let agentSocket: String
    /// The TCP listener, where rates are not limited.
    let network: Endpoint
    let process: ChildProcess

    /// Starts a server and waits for its line `ready`.
    ///
    /// `folder` holds data and may have been used before; `name` tells the sockets of one run apart.
    init(
        _ name: String,
        data folder: String,
        place: Workplace,
        listen: String? = nil,
        extraArguments: [String] = [],
        environment: [String: String] = [:]
    ) throws(BenchmarkError) {
        let program = try place.program("attache")
        let sockets = "\(place.sockets)/\(name)"
        guard mkdir(sockets, 0o755) == 0 || errno == EEXIST else { throw .system("mkdir \(sockets)", errno) }
        operatorSocket = .unix("\(sockets)/attache.sock")
        agentSocket = "\(sockets)/agent.sock"
        let port = try Endpoint.freePort()
        network = .loopback(port)
        let start = Machine.now
        process = try ChildProcess(
            program,
            [
                "serve", "--data", folder, "--listen", listen ?? "127.0.0.1:\(port)", "--socket",
                "\(sockets)/attache.sock",
                "--agent-socket", agentSocket, "--master-key-file", "\(sockets)/master.key",
            ] + extraArguments,
            environment: [
                "HOME": sockets, "PATH": "/usr/bin:/bin", "ATTACHE_RATE_PER_TOKEN": "0",
                "ATTACHE_RATE_PER_ADDRESS": "0", "ATTACHE_PROXY_ALLOW": "127.0.0.1/32",
            ].merging(environment) { $1 },
            log: "\(sockets)/log"
        )
        try process.waitForLine("ready", within: 60)
        secondsToReady = Machine.now - start
    }

    /// Makes secrets and returns what a process that has them all finds in its environment, in the order of the names.
    func createEntries(_ count: Int, valueBytes: Int) throws(BenchmarkError) -> [String] {
        var strings: [String] = []
        for index in 0..<count {
            let name = "BENCH_\(index < 10 ? "0" : "")\(index)"
            let value = Payload.text(bytes: valueBytes)
            try operatorSocket.json("POST", "/api/v1/secrets", ["name": name, "kind": "secret", "value": value])
            strings.append("\(name)=\(value)")
        }
        return strings
    }

    /// Makes secrets `BENCH_0` and so on, in bundles.
    func importEntries(_ range: Range<Int>) throws(BenchmarkError) {
        let bundle = 2_000
        for start in stride(from: range.lowerBound, to: range.upperBound, by: bundle) {
            let text = (start..<min(start + bundle, range.upperBound))
                .map { "BENCH_\($0)=\(Payload.text(bytes: 40))\n" }.joined()
            let answer = try operatorSocket.send(
                "POST",
                "/api/v1/secrets/import?kind=secret",
                headers: ["Content-Type": "text/plain"],
                body: Array(text.utf8)
            )
            guard answer.status == 201 else {
                throw .unexpectedAnswer("POST /api/v1/secrets/import", status: answer.status, code: "")
            }
        }
    }

    /// Makes a workspace key and returns it.
    func createKey() throws(BenchmarkError) -> String {
        let key = try operatorSocket.json("POST", "/api/v1/workspace/api-keys", ["name": "bench", "role": "admin"])
        guard let token = key["token"] as? String else {
            throw .malformedAnswer("POST /api/v1/workspace/api-keys: no token")
        }
        return token
    }

    /// Makes an agent with entries and returns its gateway token.
    func createAgent(_ name: String, entries: [String]) throws(BenchmarkError) -> String {
        let agent = try operatorSocket.json("POST", "/api/v1/agents", ["name": name, "secretIds": entries])
        guard let token = agent["gatewayToken"] as? String else {
            throw .malformedAnswer("POST /api/v1/agents: no gatewayToken")
        }
        return token
    }
}

/// Text that stands for a value.
enum Payload {
    /// Letters and digits, so that every format carries it as it is.
    static func text(bytes count: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
        let bytes = (0..<count).map { _ in alphabet[Int.random(in: alphabet.indices)] }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ChildProcess {
    /// What its memory holds now and held at most, in MB of 10⁶ bytes, from proc_pid_status(5).
    func memory() throws(BenchmarkError) -> (now: Double, peak: Double) { try Self.memory(of: pid) }

    /// The same of any process.
    static func memory(of pid: pid_t) throws(BenchmarkError) -> (now: Double, peak: Double) {
        var found: [Substring: Double] = [:]
        for line in try Machine.contents(of: "/proc/\(pid)/status").split(separator: "\n") {
            let fields = line.split(whereSeparator: { " \t:".contains($0) })
            guard fields.count == 3, fields[2] == "kB", let kibibytes = Double(fields[1]) else { continue }
            found[fields[0]] = kibibytes * 1024 / 1e6
        }
        return (found["VmRSS"] ?? .nan, found["VmHWM"] ?? .nan)
    }

    /// Seconds of processor time that it used so far, from proc_pid_stat(5); a tick is 10 ms.
    func processorSeconds() throws(BenchmarkError) -> Double { try Self.processorSeconds(of: pid) }

    /// The same of any process.
    static func processorSeconds(of pid: pid_t) throws(BenchmarkError) -> Double {
        let text = try Machine.contents(of: "/proc/\(pid)/stat")
        // The second field is a name in parentheses that may hold blanks.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return .nan }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
