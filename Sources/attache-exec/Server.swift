// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// Where the server is: `ATTACHE_ADDRESS`, and for `https` what is trusted.
///
/// Every text in it ends with a NUL, since it is the end of an inherited string, a literal or joined.
struct Server {
    private enum Place {
        case socket(path: Text)
        /// Without TLS; the kernel lets nobody else listen in.
        case loopback(isVersion6: Bool, port: UInt16)
        case secure(host: Text, port: Text)
    }

    private let place: Place
    /// What a message calls it.
    let name: Text
    /// What the request's `Host` field says.
    let host: Text
    private let authorities: Text?
    private let certificate: Text?
    private let key: Text?

    var isOnThisMachine: Bool {
        switch place {
        case .socket, .loopback: true
        case .secure: false
        }
    }

    /// Where the server is unless somebody says so: in a container that an engine's hook has edited, where the hook put
    /// the socket, since a session that is started in it is told nothing.
    private static var ownAddress: Text {
        let mounted: StaticString = "/.attache/run/agent.sock"
        return ckernel_exec_is_socket(mounted.utf8Start) == 1
            ? "unix:///.attache/run/agent.sock" : "unix:///run/attache/agent.sock"
    }

    init(_ environment: InheritedEnvironment) throws(Failure) {
        authorities = environment.setting("ATTACHE_CA_FILE")
        certificate = environment.setting("ATTACHE_CLIENT_CERTIFICATE_FILE")
        key = environment.setting("ATTACHE_CLIENT_KEY_FILE")
        guard key == nil || certificate != nil else {
            throw .usage("ATTACHE_CLIENT_KEY_FILE goes with ATTACHE_CLIENT_CERTIFICATE_FILE, which is not set")
        }
        let address = environment.setting("ATTACHE_ADDRESS") ?? Self.ownAddress
        if let path = address.dropping("unix://"), path.hasPrefix("/") {
            (place, name, host) = (.socket(path: path), path, "attache")
            return
        }
        if let rest = address.dropping("https://"), let authority = Authority(rest) {
            guard ckernel_exec_tls_is_linked() == 1 else {
                throw Failure(code: "address_unsupported", message: "this build has no TLS; attache-exec-tls has")
            }
            place = .secure(host: authority.name, port: authority.port ?? "443")
            (name, host) = (address, authority.text)
            return
        }
        if let rest = address.dropping("http://"), let authority = Authority(rest), authority.isLoopback,
            let port = UInt16(exactly: authority.port?.number ?? 80)
        {
            place = .loopback(isVersion6: authority.isVersion6, port: port)
            (name, host) = (address, authority.text)
            return
        }
        throw .usage("ATTACHE_ADDRESS is unix:///path, https://host:port, or http:// on 127.0.0.1, [::1] or localhost")
    }

    /// Connects to a server on this machine, and leaves the descriptor to the caller; nil for any other.
    func descriptor(until deadline: Int64) throws(Failure) -> Int32? {
        switch place {
        case .socket(let path): try opened(ckernel_exec_connect(path.cString, deadline))
        case .loopback(let isVersion6, let port):
            try opened(ckernel_exec_connect_loopback(isVersion6 ? 1 : 0, port, deadline))
        case .secure: nil
        }
    }

    /// Connects; a failure that may pass by itself says so.
    func connect(until deadline: Int64) throws(Failure) -> Connection {
        if let descriptor = try descriptor(until: deadline) { return Connection(descriptor: descriptor) }
        switch place {
        case .socket, .loopback: throw unreachable("no connection", canPass: true)
        case .secure(let host, let port):
            var server = ckernel_exec_tls_server(
                host: host.cString,
                port: port.cString,
                authorities: authorities?.bytes.baseAddress,
                certificate: certificate?.bytes.baseAddress,
                key: key?.bytes.baseAddress
            )
            var fault = ckernel_exec_fault()
            guard let stream = ckernel_exec_tls_open(&server, deadline, &fault) else { throw failure(fault) }
            return Connection(stream: stream)
        }
    }

    /// What a connection that broke means: only what can pass by itself may be tried again.
    func failure(_ error: Int32) -> Failure {
        switch error {
        case EAGAIN, ETIMEDOUT: unreachable("no answer in time", canPass: true)
        case ECONNREFUSED, ECONNRESET, ECONNABORTED, ENOENT, EPIPE, EHOSTUNREACH, ENETUNREACH, ENETDOWN, EADDRNOTAVAIL:
            unreachable(Message(error: error), canPass: true)
        case EPROTO: Failure(code: "tls_failed", message: "\(name): \(Text(cString: ckernel_exec_tls_reason()))")
        default: unreachable(Message(error: error), canPass: false)
        }
    }

    func unreachable(_ reason: Message, canPass: Bool) -> Failure {
        Failure(code: "unreachable", message: "\(name): \(reason)", canPass: canPass)
    }

    private func opened(_ descriptor: Int32) throws(Failure) -> Int32 {
        guard descriptor >= 0 else { throw failure(-descriptor) }
        return descriptor
    }

    private func failure(_ fault: ckernel_exec_fault) -> Failure {
        let text = fault.text.map { Text(cString: $0) } ?? ""
        switch fault.kind {
        case CKERNEL_EXEC_FAULT_NAME: return unreachable("\(text)", canPass: true)
        case CKERNEL_EXEC_FAULT_CERTIFICATE:
            return Failure(code: "certificate_refused", message: "\(name): \(text); see ATTACHE_CA_FILE")
        case CKERNEL_EXEC_FAULT_PROTOCOL: return Failure(code: "tls_failed", message: "\(name): \(text)")
        case CKERNEL_EXEC_FAULT_AUTHORITIES:
            guard let authorities else {
                let reason: Message = "this image has no certificate authorities; set ATTACHE_CA_FILE"
                return Failure(code: "ca_unreadable", message: reason)
            }
            return Server.unusable("ca_unreadable", authorities, fault)
        case CKERNEL_EXEC_FAULT_CLIENT:
            return Server.unusable("client_certificate_unusable", certificate ?? "", fault)
        default: return failure(fault.error)
        }
    }

    /// The system's word about a file, or the library's about what is in it.
    private static func unusable(_ code: Text, _ file: Text, _ fault: ckernel_exec_fault) -> Failure {
        let text = fault.text.map { Text(cString: $0) } ?? ""
        guard fault.error != 0 else { return Failure(code: code, message: "\(file): \(text)") }
        return Failure(code: code, message: "\(text): \(Message(error: fault.error))")
    }
}

/// `host`, `host:port`, `[::1]:port`, with or without the slash that ends an address.
private struct Authority {
    /// The host alone, and the port alone, each with a NUL behind it.
    let name: Text
    let port: Text?
    let text: Text
    let isVersion6: Bool

    init?(_ rest: Text) {
        let end = rest.index(of: UInt8(ascii: "/")) ?? rest.count
        guard end >= rest.count - 1 else { return nil }
        let text = rest[0..<end]
        let isVersion6 = text.hasPrefix("[")
        let close = isVersion6 ? text.index(of: UInt8(ascii: "]")) : text.index(of: UInt8(ascii: ":")) ?? text.count
        guard let close else { return nil }
        let host = text[(isVersion6 ? 1 : 0)..<close]
        let after = text[(isVersion6 ? close + 1 : close)..<text.count]
        guard !host.isEmpty, host.count <= 253, host.bytes.allSatisfy({ Authority.isOfHost($0, isVersion6) }) else {
            return nil
        }
        self.text = text
        self.isVersion6 = isVersion6
        name = Text(joining: [host])
        guard !after.isEmpty else {
            port = nil
            return
        }
        guard let digits = after.dropping(":"), let number = digits.number, number >= 1, number <= 65_535 else {
            return nil
        }
        port = Text(joining: [digits])
    }

    var isLoopback: Bool { name == "127.0.0.1" || name == "localhost" || name == "::1" }

    private static func isOfHost(_ byte: UInt8, _ isVersion6: Bool) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
            true
        case UInt8(ascii: "-"), UInt8(ascii: "_"): !isVersion6
        case UInt8(ascii: ":"): isVersion6
        default: false
        }
    }
}
