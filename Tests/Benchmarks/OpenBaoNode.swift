// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// One OpenBao server with integrated storage (raft), initialized, unsealed, with a KV v2 engine and a service token
/// that one policy binds.
///
/// Durability is what it does by default. It has no audit device, which spares it work that Attaché does. The token
/// is not the root token, which skips the policies and would flatter it.
final class OpenBaoNode {
    let endpoint: Endpoint
    let token: String
    let process: ChildProcess

    static let program = "bao"

    init(program: String, data folder: String, place: Workplace) throws(BenchmarkError) {
        let port = try Endpoint.freePort()
        let clusterPort = try Endpoint.freePort()
        let configuration = "\(place.sockets)/openbao.hcl"
        try place.write(
            """
            storage "raft" {
              path = "\(folder)"
              node_id = "bench"
            }
            listener "tcp" {
              address = "127.0.0.1:\(port)"
              cluster_address = "127.0.0.1:\(clusterPort)"
              tls_disable = true
            }
            api_addr = "http://127.0.0.1:\(port)"
            cluster_addr = "https://127.0.0.1:\(clusterPort)"

            """,
            to: configuration
        )
        endpoint = .loopback(port)
        // A wrapper script around the program may need to be found again; BAO_ADDR must not be inherited, it overrides
        // the configuration.
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        process = try ChildProcess(
            program,
            ["server", "-config=\(configuration)", "-log-level=error"],
            environment: ["HOME": place.sockets, "PATH": path],
            log: "\(place.sockets)/openbao.log"
        )
        token = try Self.prepare(endpoint, process)
    }

    private static func prepare(_ endpoint: Endpoint, _ process: ChildProcess) throws(BenchmarkError) -> String {
        let initialized = try process.untilAnswered("sys/init", within: 60) { () throws(BenchmarkError) in
            try endpoint.json("PUT", "/v1/sys/init", ["secret_shares": 1, "secret_threshold": 1])
        }
        guard let key = (initialized["keys"] as? [String])?.first,
            let root = initialized["root_token"] as? String
        else { throw .malformedAnswer("PUT /v1/sys/init: no key") }
        try endpoint.json("PUT", "/v1/sys/unseal", ["key": key])
        let asRoot = ["X-Vault-Token": root]
        // Until the node has elected itself, requests are answered with 5xx.
        try process.untilAnswered("sys/mounts", within: 60) { () throws(BenchmarkError) in
            try endpoint.json(
                "POST",
                "/v1/sys/mounts/secret",
                ["type": "kv", "options": ["version": "2"]],
                headers: asRoot
            )
        }
        // The two last are what an agent asks about its own token.
        let policy = #"""
            path "secret/data/bench/*" { capabilities = ["create", "read", "update"] }
            path "auth/token/lookup-self" { capabilities = ["read"] }
            path "auth/token/renew-self" { capabilities = ["update"] }
            """#
        try endpoint.json("PUT", "/v1/sys/policies/acl/bench", ["policy": policy], headers: asRoot)
        let created = try endpoint.json(
            "POST",
            "/v1/auth/token/create",
            ["policies": ["bench"], "no_default_policy": true, "type": "service", "ttl": "1h"],
            headers: asRoot
        )
        guard let token = (created["auth"] as? [String: Any])?["client_token"] as? String else {
            throw .malformedAnswer("POST /v1/auth/token/create: no token")
        }
        // The engine upgrades its fresh mount in the background and answers 400 until then.
        try process.untilAnswered("KV v2", within: 60) { () throws(BenchmarkError) in
            try endpoint.json(
                "POST",
                path("ready"),
                ["data": ["value": "ready"]],
                headers: ["X-Vault-Token": token]
            )
        }
        return token
    }

    static func path(_ name: String) -> String { "/v1/secret/data/bench/\(name)" }

    func measured<Client: LoadClient>(_ what: String, _ clients: [Client]) -> Measured<Client> {
        Measured("OpenBao, \(what)", LoadGenerator("OpenBao, \(what)", at: endpoint, clients: clients), of: process)
    }

    func writers(_ count: Int, of value: String) -> [ValueWriter] {
        (0..<count).map { ValueWriter(token: token, path: Self.path("writer-\($0)"), value: value) }
    }
}

/// Writes one value to a path of its own, again and again.
struct ValueWriter: LoadClient {
    private let request: [UInt8]

    init(token: String, path: String, value: String) {
        let body = #"{"data":{"value":"\#(value)"}}"#
        request = Array(
            """
            POST \(path) HTTP/1.1\r
            Host: 127.0.0.1\r
            X-Vault-Token: \(token)\r
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

extension ChildProcess {
    /// Repeats `ask` until a server that is starting does not refuse it any more.
    @discardableResult
    func untilAnswered<R>(
        _ what: String,
        within seconds: Double,
        _ ask: () throws(BenchmarkError) -> R
    ) throws(BenchmarkError) -> R {
        let deadline = Machine.now + seconds
        let watch = try logWatch()
        defer { close(watch) }
        while true {
            do throws(BenchmarkError) {
                return try ask()
            } catch {
                let left = deadline - Machine.now
                guard left > 0, kill(pid, 0) == 0 else {
                    throw .notReady("\(name) (\(what): \(error))", log: logTail)
                }
                // Whatever it does next it logs; some of it a moment before it is done.
                var written = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
                poll(&written, 1, Int32(min(left, 1) * 1000))
                var events = [UInt8](repeating: 0, count: 4096)
                if written.revents != 0 { _ = read(watch, &events, events.count) }
            }
        }
    }
}
