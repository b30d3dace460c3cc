// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import NIOPosix
package import VaultModel

/// Finds the addresses of a name.
package protocol Resolver: Sendable {
    /// Every address of `name`; empty when it has none.
    func addresses(of name: String) async throws -> [IPAddress]
}

/// The machine's own resolver, getaddrinfo(3), on a thread that may block.
package struct SystemResolver: Resolver {
    package init() {}

    package func addresses(of name: String) async throws -> [IPAddress] {
        try await NIOThreadPool.singleton.runIfActive { Self.lookUp(name) }
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
