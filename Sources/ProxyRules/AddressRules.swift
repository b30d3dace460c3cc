// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Which addresses a credential may be sent to.
///
/// Everything that the registries of IANA do not call globally reachable is refused, and so is every form that carries
/// one address inside another, since what it reaches depends on the network (RFC 6890, RFC 6052, RFC 3056, RFC 4380).
/// An operator can let blocks in, for targets of the own network.
package struct AddressRules: Sendable {
    package let allowed: [NetworkRange]

    package init(allowed: [NetworkRange] = []) {
        self.allowed = allowed
    }

    /// Why `address` is refused, or nil when a credential may be sent there.
    package func refusal(of address: IPAddress) -> AddressRefusal? {
        if let inner = Self.translated(in: address) {
            // Who lets the translator's prefix in does not let in what lies behind it.
            guard allowed.contains(where: { $0.contains(address) }) else { return .special }
            return refusal(of: inner)
        }
        guard Self.isSpecial(address) else { return nil }
        return allowed.contains { $0.contains(address) } ? nil : .special
    }

    /// The first refusal among `addresses`: one bad address spoils the whole answer of a resolver.
    package func refusal(of addresses: [IPAddress]) -> AddressRefusal? {
        guard !addresses.isEmpty else { return .noAddress }
        for address in addresses {
            if let refusal = refusal(of: address) { return refusal }
        }
        return nil
    }

    /// The address behind the well-known prefix of NAT64, `64:ff9b::/96`.
    private static func translated(in address: IPAddress) -> IPAddress? {
        guard (address.bytes.count == 16), address.bytes.starts(with: [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0])
        else {
            return nil
        }
        return IPAddress(networkBytes: Array(address.bytes.suffix(4)))
    }

    private static func isSpecial(_ address: IPAddress) -> Bool {
        guard (address.bytes.count == 16) else { return special4.contains { $0.contains(address) } }
        // Only 2000::/3 is given out at all.
        return address.bytes[0] & 0xE0 != 0x20 || special6.contains { $0.contains(address) }
    }

    /// The special-purpose blocks of version 4, multicast and what was never given out.
    static let special4 = blocks(
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4"
    )

    /// The special-purpose blocks inside of 2000::/3: Teredo and the other protocol assignments, documentation, 6to4.
    static let special6 = blocks(
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20"
    )

    private static func blocks(_ texts: String...) -> [NetworkRange] { texts.compactMap { NetworkRange($0) } }
}

/// Why no address of a target is dialed.
package enum AddressRefusal: Error, Equatable, Sendable {
    /// The name has no address.
    case noAddress
    /// Loopback, private, link-local, translated or otherwise not globally reachable.
    case special
}
