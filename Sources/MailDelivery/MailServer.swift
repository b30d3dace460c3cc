// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The server that takes mails, and how it is spoken to.
package struct MailServer: Equatable, Sendable {
    package enum Encryption: Equatable, Sendable {
        /// TLS from the first byte on (RFC 8314 §3.3).
        case tls
        /// STARTTLS (RFC 3207); a server that does not offer it gets nothing, unless it is on this machine.
        case startTLS
    }

    package var host: String
    package var port: Int
    package var encryption: Encryption
    package var user: String?
    /// A file with mode 0600, read for every mail; its last line break is not a part of the password.
    package var passwordFile: String?
    package var sender: EmailAddress
    /// A PEM file of certificates to trust beside the system's.
    package var trustedCertificates: String?

    /// Reads `smtps://[USER@]HOST[:PORT]` or `smtp://…`; the ports are 465 and 587 unless told (RFC 8314 §7.3, RFC 6409).
    package init?(url: String, sender: EmailAddress) {
        guard let scheme = url.firstRange(of: "://") else { return nil }
        switch url[..<scheme.lowerBound] {
        case "smtps": (encryption, port) = (.tls, 465)
        case "smtp": (encryption, port) = (.startTLS, 587)
        default: return nil
        }
        var place = url[scheme.upperBound...]
        if let at = place.lastIndex(of: "@") {
            user = String(place[..<at]).replacing("%40", with: "@")
            place = place[place.index(after: at)...]
            // A password in a URL ends up in process lists and logs.
            if user?.isEmpty == true || user?.contains(":") == true { return nil }
        }
        if place.hasSuffix("/") { place = place.dropLast() }
        if let colon = place.lastIndex(of: ":"), !place.hasSuffix("]") {
            guard let number = Int(place[place.index(after: colon)...]), (1...65_535).contains(number) else {
                return nil
            }
            port = number
            place = place[..<colon]
        }
        if place.hasPrefix("["), place.hasSuffix("]") { place = place.dropFirst().dropLast() }
        guard !place.isEmpty, place.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "/") }) else {
            return nil
        }
        host = String(place)
        self.sender = sender
    }

    private static let loopback = ["127.0.0.0/8", "::1/128"].compactMap { NetworkRange($0) }

    /// Whether what is sent to it leaves the machine.
    var isLocal: Bool {
        host == "localhost"
            || IPAddress(host).map { address in Self.loopback.contains { $0.contains(address) } } ?? false
    }
}
