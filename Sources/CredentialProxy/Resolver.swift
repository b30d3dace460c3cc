// SPDX-License-Identifier: Apache-2.0

internal import CResolver
internal import Glibc
internal import NIOPosix
package import VaultModel

/// Finds the addresses of a name.
package protocol Resolver: Sendable {
    /// Every address of `name`; empty when it has none.
    func addresses(of name: String) async throws -> [IPAddress]
}

/// One name server that the operator names, instead of those of the machine, on a thread that may block.
package struct NameServerResolver: Resolver {
    /// More than any name has; a name with more has none that could all be checked.
    private static let mostAddresses = 64

    private let server: NameServer

    package init(_ server: NameServer) {
        self.server = server
    }

    package func addresses(of name: String) async throws -> [IPAddress] {
        try await NameLookups.threads.runIfActive { [server] in try Self.lookUp(name, at: server) }
    }

    private static func lookUp(_ name: String, at server: NameServer) throws -> [IPAddress] {
        var found = [cresolver_address](repeating: cresolver_address(), count: mostAddresses)
        let count = cresolver_look_up(name, server.address.bytes, server.port, &found, found.count)
        guard count >= 0 else { throw ProxyError.unresolved }
        return found.prefix(Int(count)).compactMap { record in
            let bytes = withUnsafeBytes(of: record.bytes) { Array($0.prefix(Int(record.length))) }
            return IPAddress(networkBytes: bytes)
        }
    }
}

/// Where a name server is, of version 4.
package struct NameServer: Equatable, Sendable {
    package let address: IPAddress
    package let port: UInt16

    /// Reads `ADDRESS` or `ADDRESS:PORT`; 53 unless told.
    package init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let address = IPAddress(parts[0]), address.bytes.count == 4,
            let port = parts.count == 2 ? UInt16(parts[1]) : 53, port > 0
        else { return nil }
        self.address = address
        self.port = port
    }
}

/// The machine's own resolver, getaddrinfo(3), on a thread that may block.
package struct SystemResolver: Resolver {
    package init() {}

    package func addresses(of name: String) async throws -> [IPAddress] {
        try await NameLookups.threads.runIfActive { Self.lookUp(name) }
    }

    private static func lookUp(_ name: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var found: [IPAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let address = address(entry), !found.contains(address) else { continue }
            found.append(address)
        }
        return found
    }

    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let raw = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        case AF_INET:
            var address = raw.loadUnaligned(as: sockaddr_in.self).sin_addr
            return IPAddress(networkBytes: withUnsafeBytes(of: &address) { Array($0) })
        case AF_INET6:
            var address = raw.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return IPAddress(networkBytes: withUnsafeBytes(of: &address) { Array($0) })
        default: return nil
        }
    }
}
