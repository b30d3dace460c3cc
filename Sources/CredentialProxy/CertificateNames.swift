// SPDX-License-Identifier: Apache-2.0

internal import NIOSSL

extension NIOSSLCertificate {
    /// Whether it names `host`: as it is, or with `*` for its first label (RFC 9525 §6.3).
    ///
    /// NIOSSL also takes a certificate for the address that was dialed. For a name that is not enough: whoever answers for
    /// the name says what its address is, and may hold a certificate for that.
    func names(_ host: String) -> Bool {
        let host = host.lowercased()
        let rest = host.firstIndex(of: ".").map { host[host.index(after: $0)...] }
        return _subjectAlternativeNames().contains { name in
            guard name.nameType == .dnsName else { return false }
            let text = String(decoding: Array(name.contents), as: UTF8.self).lowercased()
            return text == host || text.hasPrefix("*.") && rest.map { text.dropFirst(2) == $0 } ?? false
        }
    }
}
