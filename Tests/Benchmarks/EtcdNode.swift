// SPDX-License-Identifier: Apache-2.0

/// One etcd server with its defaults: every put is in its log and synchronized before it is answered.
///
/// It authorizes nobody, seals nothing and records nothing: a floor for what durable writes cost, and no peer.
final class EtcdNode {
    let endpoint: Endpoint
    let process: ChildProcess

    static let program = "etcd"

    init(program: String, data folder: String, place: Workplace) throws(BenchmarkError) {
        let port = try Endpoint.freePort()
        let peerPort = try Endpoint.freePort()
        endpoint = .loopback(port)
        process = try ChildProcess(
            program,
            [
                "--name", "bench", "--data-dir", folder, "--listen-client-urls", "http://127.0.0.1:\(port)",
                "--advertise-client-urls", "http://127.0.0.1:\(port)", "--listen-peer-urls",
                "http://127.0.0.1:\(peerPort)", "--initial-advertise-peer-urls", "http://127.0.0.1:\(peerPort)",
                "--initial-cluster", "bench=http://127.0.0.1:\(peerPort)", "--enable-v2", "--log-level", "error",
            ],
            environment: ["HOME": place.sockets, "PATH": "/usr/bin:/bin"],
            log: "\(place.sockets)/etcd.log"
        )
        let endpoint = endpoint
        try process.untilAnswered("health", within: 60) { () throws(BenchmarkError) in
            try endpoint.json("GET", "/health")
        }
    }
}

/// Puts one value to a key of its own, again and again, by HTTP/1.1 as everybody else here.
///
/// By version 2 of its interface, which serves HTTP itself; that of version 3 is gRPC with a gateway in front.
struct EtcdWriter: LoadClient {
    private let request: [UInt8]

    init(key: String, value: String) {
        let body = "value=\(value)"
        request = Array(
            """
            PUT /v2/keys/\(key) HTTP/1.1\r
            Host: 127.0.0.1\r
            Content-Type: application/x-www-form-urlencoded\r
            Content-Length: \(body.utf8.count)\r
            \r
            \(body)
            """.utf8
        )
    }

    func nextRequest() -> [UInt8] { request }

    func accepts(_ answer: HTTPAnswer) -> Bool { answer.status == 200 || answer.status == 201 }
}
