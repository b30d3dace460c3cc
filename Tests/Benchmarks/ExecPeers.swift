// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// Programs that fetch or open ten variables and start a command with them, as far as this machine has them.
struct ExecPeers {
    /// Those that need little time, and those that need so much that they are measured in fewer rounds.
    private(set) var cases: [LaunchedProgram] = []
    private(set) var slowCases: [LaunchedProgram] = []
    /// Why one is missing.
    private(set) var skipped: [String] = []
    private let servers: [AnyObject]

    static let doppler = "doppler run"

    init(variables: [String], target: String, place: Workplace) throws(BenchmarkError) {
        var servers: [AnyObject] = []
        let pairs = variables.map { variable in
            let parts = variable.split(separator: "=", maxSplits: 1).map(String.init)
            return (name: parts[0], value: parts[1])
        }
        if let doppler = Machine.find("doppler") {
            let api = try LoopbackAPI(answering: pairs)
            servers.append(api)
            let settings = [
                "DOPPLER_TOKEN=dp.st.dev.bench", "DOPPLER_API_HOST=http://127.0.0.1:\(api.port)",
                "DOPPLER_ENABLE_VERSION_CHECK=false", "DOPPLER_CONFIG_DIR=\(place.sockets)/doppler",
            ]
            let arguments = ["run", "--no-fallback", "--silent", "--", target]
            cases.append(LaunchedProgram(name: Self.doppler, variables: settings, path: doppler, arguments: arguments))
        } else {
            skipped.append("doppler SKIPPED: not in PATH")
        }
        if let sops = Machine.find("sops"), let keys = Machine.find("age-keygen") {
            let file = try Self.encrypt(pairs.map { "\($0.name)=\($0.value)\n" }.joined(), sops, keys, place)
            let arguments = ["exec-env", "--same-process", file, target]
            let settings = ["SOPS_AGE_KEY_FILE=\(place.sockets)/age.key"]
            cases.append(
                LaunchedProgram(name: "sops exec-env (age)", variables: settings, path: sops, arguments: arguments)
            )
        } else {
            skipped.append("sops SKIPPED: sops or age-keygen is not in PATH")
        }
        if let bao = Machine.find(OpenBaoNode.program) {
            let node = try OpenBaoNode(program: bao, data: place.folder("openbao-agent", in: place.disk), place: place)
            servers.append(node)
            let configuration = try Self.configureAgent(of: node, pairs, target, place)
            let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
            slowCases.append(
                LaunchedProgram(
                    name: "OpenBao agent",
                    variables: ["PATH=\(path)"],
                    path: "/bin/sh",
                    // It prints its settings where the launcher prints its lines.
                    arguments: [
                        "-c", "exec \"$0\" agent -config=\"$1\" -log-level=error >/dev/null", bao, configuration,
                    ]
                )
            )
        } else {
            skipped.append("OpenBao agent SKIPPED: no `bao` in PATH")
        }
        self.servers = servers
    }

    func stop() {
        for server in servers { (server as? OpenBaoNode)?.process.stop() }
    }

    /// Writes a key of age and a file that is encrypted for it, and returns the file.
    private static func encrypt(
        _ text: String,
        _ sops: String,
        _ keys: String,
        _ place: Workplace
    ) throws(BenchmarkError) -> String {
        func run(_ program: String, _ arguments: String...) throws(BenchmarkError) -> String {
            let settings = ["PATH": "/usr/bin:/bin", "HOME": place.sockets]
            let log = "\(place.sockets)/sops.log"
            return try ChildProcess(program, arguments, environment: settings, log: log).finish(within: 60)
        }
        let key = "\(place.sockets)/age.key"
        _ = try run(keys, "-o", key)
        let recipient = try run(keys, "-y", key).split(separator: "\n").first.map(String.init) ?? ""
        let plain = "\(place.sockets)/plain.env"
        try place.write(text, to: plain)
        let encrypted = "\(place.sockets)/bench.env"
        try place.write(try run(sops, "encrypt", "--age", recipient, plain), to: encrypted)
        return encrypted
    }

    /// One secret with ten fields, so that the agent reads once, as the others do.
    private static func configureAgent(
        of node: OpenBaoNode,
        _ pairs: [(name: String, value: String)],
        _ target: String,
        _ place: Workplace
    ) throws(BenchmarkError) -> String {
        guard case .loopback(let port) = node.endpoint else { throw .malformedAnswer("OpenBao is not on loopback") }
        let data = Dictionary(uniqueKeysWithValues: pairs.map { ($0.name, $0.value) })
        try node.endpoint.json(
            "POST",
            OpenBaoNode.path("agent"),
            ["data": data],
            headers: ["X-Vault-Token": node.token]
        )
        let tokenFile = "\(place.sockets)/bao.token"
        try place.write(node.token, to: tokenFile)
        var text = """
            vault { address = "http://127.0.0.1:\(port)" }
            auto_auth {
              method "token_file" { config = { token_file_path = "\(tokenFile)" } }
            }
            template_config { exit_on_retry_failure = true }
            exec {
              command = ["\(target)"]
              restart_on_secret_changes = "never"
            }

            """
        for pair in pairs {
            text += """
                env_template "\(pair.name)" {
                  contents = "{{ with secret \\"secret/data/bench/agent\\" }}{{ .Data.data.\(pair.name) }}{{ end }}"
                  error_on_missing_key = true
                }

                """
        }
        let configuration = "\(place.sockets)/bao-agent.hcl"
        try place.write(text, to: configuration)
        return configuration
    }
}

/// Answers every request on a port of 127.0.0.1 with the same JSON object, each on a connection of its own.
private final class LoopbackAPI: Sendable {
    let port: UInt16
    private let listener: Int32

    init(answering pairs: [(name: String, value: String)]) throws(BenchmarkError) {
        port = try Endpoint.freePort()
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout.size(ofValue: yes)))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let listener = listener
        let isListening = withUnsafeBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return bind(listener, pointer, socklen_t(bytes.count)) == 0 && listen(listener, 64) == 0
        }
        guard isListening else { throw .system("listen", errno) }
        let body = "{" + pairs.map { "\"\($0.name)\":\"\($0.value)\"" }.joined(separator: ",") + "}"
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
        let answer = Array("\(head)\(body.utf8.count)\r\n\r\n\(body)".utf8)
        Thread.detachNewThread {
            var chunk = [UInt8](repeating: 0, count: 16_384)
            while true {
                let peer = accept(listener, nil, nil)
                guard peer >= 0 else { break }
                // A request of this client is one small segment.
                if recv(peer, &chunk, chunk.count, 0) > 0 { send(peer, answer, answer.count, Int32(MSG_NOSIGNAL)) }
                close(peer)
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
