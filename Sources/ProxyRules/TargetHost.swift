// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The host of a target: a name in its one comparable form, or an address.
package enum TargetHost: Hashable, Sendable {
    /// Lower case, without the trailing dot; letters, digits, `-` and `_` only.
    case name(String)
    case address(IPAddress)

    /// Reads a host as it stands in a URL, an address of version 6 in brackets.
    ///
    /// Nil for what resolvers read differently: a name that ends in a number but is no address in four plain decimal
    /// parts (WHATWG URL §3.5), empty or overlong labels, zone ids, percent escapes, anything that is not ASCII.
    package init?(_ text: String) {
        if text.hasPrefix("[") {
            // An address of version 4 in the form of version 6 is another spelling of a host that has its own.
            guard text.hasSuffix("]"), let address = IPAddress(text.dropFirst().dropLast()), address.bytes.count == 16
            else { return nil }
            self = .address(address)
            return
        }
        var name = text.lowercased()
        if name.hasSuffix(".") { name.removeLast() }
        guard (1...253).contains(name.utf8.count) else { return nil }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        for label in labels {
            guard (1...63).contains(label.count), label.first != UInt8(ascii: "-"), label.last != UInt8(ascii: "-"),
                label.allSatisfy(Self.isNameByte)
            else { return nil }
        }
        guard let last = labels.last, Self.isNumber(last) else {
            self = .name(name)
            return
        }
        // A trailing dot after an address is read by some and not by others.
        guard name.utf8.count == text.utf8.count, let address = IPAddress(name), address.bytes.count == 4 else {
            return nil
        }
        self = .address(address)
    }

    /// As it stands in a URL and in `Host`.
    package var uriText: String {
        switch self {
        case .name(let name): name
        case .address(let address): address.bytes.count == 16 ? "[\(address)]" : "\(address)"
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private static func isNumber(_ label: Substring.UTF8View) -> Bool {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        if label.allSatisfy(digits.contains) { return true }
        return label.starts(with: "0x".utf8) && label.dropFirst(2).allSatisfy { hexadecimalDigit($0) != nil }
    }
}
