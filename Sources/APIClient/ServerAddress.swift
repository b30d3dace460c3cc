// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Where a server answers: its operator's socket, or an address of TLS.
///
/// Plain HTTP is accepted for a loopback host only, since the key would cross the network readable.
package enum ServerAddress: Hashable, Sendable, CustomStringConvertible {
    case socket(path: String)
    /// `https://HOST[:PORT]`, or `http://` and a loopback host; without a path.
    case url(String)

    /// The room for a path in `struct sockaddr_un`, its NUL not counted (unix(7)).
    package static let maximumSocketPathBytes = 107

    /// Reads `unix:///path`, `https://host[:port]` or `http://` with a loopback host.
    package init(_ text: String) throws(ServerAddressError) {
        if text.hasPrefix("unix://") {
            try self.init(socketPath: String(text.dropFirst("unix://".count)))
            return
        }
        for scheme in ["https", "http"] where text.hasPrefix("\(scheme)://") {
            var authority = text.dropFirst(scheme.count + 3)
            if authority.last == "/" { authority.removeLast() }
            guard let host = Self.host(of: authority) else { throw .notAnAddress }
            guard scheme == "https" || Self.isLoopback(host) else { throw .readableOnTheNetwork }
            self = .url("\(scheme)://\(authority)")
            return
        }
        throw .notAnAddress
    }

    package init(socketPath path: String) throws(ServerAddressError) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .notAnAddress }
        guard path.utf8.count <= Self.maximumSocketPathBytes else { throw .socketPathTooLong }
        self = .socket(path: path)
    }

    package var description: String {
        switch self {
        case .socket(let path): path
        case .url(let url): url
        }
    }

    /// The host of `HOST[:PORT]`, an IPv6 address without its brackets; nil where anything else stands there, such as
    /// a user or a path.
    private static func host(of authority: Substring) -> Substring? {
        let host: Substring
        let rest: Substring
        if authority.first == "[" {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<end]
            rest = authority[authority.index(after: end)...]
            var address = in6_addr()
            guard inet_pton(AF_INET6, String(host), &address) == 1 else { return nil }
        } else {
            host = authority.prefix { $0 != ":" }
            rest = authority[host.endIndex...]
            let isHostName = host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
            guard isHostName, !host.isEmpty else { return nil }
        }
        if rest.isEmpty { return host }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0, rest.dropFirst().first != "+" else {
            return nil
        }
        return host
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        // As a number: `127.example.com` begins with 127 too.
        var address = in_addr()
        guard inet_pton(AF_INET, String(host), &address) == 1 else { return false }
        return UInt32(bigEndian: address.s_addr) >> 24 == 127
    }
}

/// Why a text is not the address of a server.
package enum ServerAddressError: Error, Equatable {
    case notAnAddress
    /// `http://` and a host that is not this machine.
    case readableOnTheNetwork
    case socketPathTooLong
}
