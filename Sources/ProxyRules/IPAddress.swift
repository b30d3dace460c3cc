// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// An address of the Internet Protocol, version 4 or 6, without a zone.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    /// 4 or 16 bytes in network order.
    package let bytes: [UInt8]

    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads four decimal parts without leading zeros, and no other spelling.
    package init?(version4 text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bytes: [UInt8] = []
        for part in parts {
            guard part.count == 1 || part.first != "0", part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let byte = UInt8(part)
            else { return nil }
            bytes.append(byte)
        }
        self.bytes = bytes
    }

    /// Reads the forms of RFC 4291 §2.2; zone ids are refused.
    package init?(version6 text: String) {
        guard text.utf8.count <= 45, text.utf8.allSatisfy({ $0 != 0 }) else { return nil }
        var address = in6_addr()
        guard inet_pton(AF_INET6, text, &address) == 1 else { return nil }
        bytes = withUnsafeBytes(of: &address) { Array($0) }
    }

    package var isVersion6: Bool { bytes.count == 16 }

    package var description: String {
        guard isVersion6 else { return bytes.map(String.init).joined(separator: ".") }
        // 46 is INET6_ADDRSTRLEN.
        var text = [CChar](repeating: 0, count: 46)
        _ = bytes.withUnsafeBytes { inet_ntop(AF_INET6, $0.baseAddress, &text, socklen_t(text.count)) }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// A block of addresses, such as `10.0.0.0/8`.
package struct AddressBlock: Hashable, Sendable, CustomStringConvertible {
    package let base: IPAddress
    package let length: Int

    /// Reads `address/length`, or an address alone, which is a block of one.
    ///
    /// Nil when bits beyond the length are set: that is a slip more often than it is meant.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, let base = IPAddress(version4: first) ?? IPAddress(version6: first) else {
            return nil
        }
        let bits = base.bytes.count * 8
        var length = bits
        if parts.count == 2 {
            guard (1...3).contains(parts[1].utf8.count), let number = Int(parts[1]), (0...bits).contains(number) else {
                return nil
            }
            length = number
        }
        self.base = base
        self.length = length
        let isClear = (length..<bits).allSatisfy { base.bytes[$0 / 8] & (0x80 >> UInt8($0 % 8)) == 0 }
        guard isClear else { return nil }
    }

    package func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == base.bytes.count else { return false }
        let whole = length / 8
        guard address.bytes[..<whole] == base.bytes[..<whole] else { return false }
        let rest = length % 8
        return rest == 0 || (address.bytes[whole] ^ base.bytes[whole]) >> UInt8(8 - rest) == 0
    }

    package var description: String { "\(base)/\(length)" }
}
