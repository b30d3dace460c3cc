// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// An nginx with one worker and one server.
struct Nginx {
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

/// Where the target is, and what vouches for it where it is reached over TLS.
struct TargetPlace {
    let port: UInt16
    /// A file, which is its own authority; nil without TLS.
    let certificate: String?

    var scheme: String { certificate == nil ? "http" : "https" }
}

/// Another program that puts the key in.
struct Peer {
    enum Kind: String, CaseIterable {
        case envoy = "Envoy, credential_injector"
        case caddy = "Caddy, header_up"
        case mitmproxy = "mitmproxy, modify_headers"

        var program: String {
            switch self {
            case .envoy: "envoy"
            case .caddy: "caddy"
            case .mitmproxy: "mitmdump"
            }
        }
    }

    let process: ChildProcess
    let port: UInt16

    /// Nil where the program is not installed.
    init?(_ kind: Kind, _ place: Workplace, _ target: TargetPlace, _ key: String) throws(BenchmarkError) {
        guard let program = Machine.find(kind.program) else { return nil }
        port = try Endpoint.freePort()
        let folder = "\(place.sockets)/\(kind.program)-\(target.scheme)"
        guard mkdir(folder, 0o700) == 0 else { throw .system("mkdir \(folder)", errno) }
        let arguments =
            switch kind {
            case .envoy: try Self.envoy(folder, place, port, target, key)
            case .caddy: try Self.caddy(folder, place, port, target, key)
            case .mitmproxy: Self.mitmproxy(port, target, key)
            }
        process = try ChildProcess(
            program,
            arguments,
            environment: ["HOME": folder, "PATH": "/usr/bin:/bin", "GOMAXPROCS": "1"],
            log: "\(folder)/log"
        )
        let endpoint = Endpoint.loopback(port)
        try process.untilAnswered(kind.rawValue, within: 30) { () throws(BenchmarkError) in
            let status = try endpoint.send("GET", "/").status
            guard status == 200 else { throw .unexpectedAnswer(kind.rawValue, status: status, code: "") }
        }
    }

    private static func envoy(
        _ folder: String,
        _ place: Workplace,
        _ port: UInt16,
        _ target: TargetPlace,
        _ key: String
    ) throws(BenchmarkError) -> [String] {
        let socket = target.certificate.map { file in
            """
                transport_socket:
                  name: envoy.transport_sockets.tls
                  typed_config:
                    "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
                    common_tls_context:
                      validation_context:
                        trusted_ca: {filename: \(file)}
                        match_typed_subject_alt_names: [{san_type: IP_ADDRESS, matcher: {exact: "127.0.0.1"}}]
            """
        }
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
                              credential: {name: credential, sds_config: {path_config_source: {path: \(folder)/secret.yaml}}}
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
                    - endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: \(target.port)}}}
            \(socket ?? "")

            """,
            to: "\(folder)/envoy.yaml"
        )
        try place.write(
            """
            resources:
            - "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret
              name: credential
              generic_secret: {secret: {inline_string: "Bearer \(key)"}}

            """,
            to: "\(folder)/secret.yaml"
        )
        return [
            "-c", "\(folder)/envoy.yaml", "--concurrency", "1", "--log-level", "error", "--disable-hot-restart",
            "--service-node", "bench", "--service-cluster", "bench",
        ]
    }

    private static func caddy(
        _ folder: String,
        _ place: Workplace,
        _ port: UInt16,
        _ target: TargetPlace,
        _ key: String
    ) throws(BenchmarkError) -> [String] {
        let transport = target.certificate.map { "transport http {\ntls_trusted_ca_certs \($0)\n}" } ?? ""
        try place.write(
            """
            {
                admin off
                auto_https off
            }
            http://:\(port) {
                bind 127.0.0.1
                reverse_proxy \(target.scheme)://127.0.0.1:\(target.port) {
                    header_up Authorization "Bearer \(key)"
                    \(transport)
                }
            }

            """,
            to: "\(folder)/Caddyfile"
        )
        return ["run", "--config", "\(folder)/Caddyfile", "--adapter", "caddyfile"]
    }

    private static func mitmproxy(_ port: UInt16, _ target: TargetPlace, _ key: String) -> [String] {
        let trust = target.certificate.map { ["--set", "ssl_verify_upstream_trusted_ca=\($0)"] } ?? []
        return [
            "-q", "--mode", "reverse:\(target.scheme)://127.0.0.1:\(target.port)", "--listen-host", "127.0.0.1",
            "--listen-port", "\(port)", "--modify-headers", "/~q/Authorization/Bearer \(key)",
        ] + trust
    }
}
