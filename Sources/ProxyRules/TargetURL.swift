// SPDX-License-Identifier: Apache-2.0

/// The one reading of a target's URL: what the rules compare is what is dialed and sent.
///
/// Stricter than RFC 3986 wherever two readers could disagree. No user information, no fragment, no backslash, no
/// control or non-ASCII character, no percent escape in the host, no number that some resolvers take for an address, no
/// dot segment however it is spelled.
package struct TargetURL: Equatable, Sendable {
    package static let maximumBytes = 8_192

    package enum Scheme: String, Sendable {
        case https, http

        package var defaultPort: UInt16 { self == .https ? 443 : 80 }
    }

    package let scheme: Scheme
    package let host: TargetHost
    package let port: UInt16
    /// What stands in `Host` (RFC 9110 §7.2).
    package let authority: String
    /// As it was sent; never empty.
    package let path: String
    /// As it was sent, without the `?`; nil when there is none.
    package let query: String?
    /// The path with its percent escapes resolved.
    let decodedPath: [UInt8]
    /// Whether servers may disagree about where the path's segments begin: `%2F`, `//` or `;`.
    let isPathAmbiguous: Bool

    package init(_ text: String) throws(TargetURLError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.maximumBytes else { throw .tooLong }
        guard bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw .forbiddenCharacter
        }
        guard !bytes.contains(UInt8(ascii: "#")) else { throw .fragment }
        let (scheme, rest) = try Self.scheme(of: bytes)
        let end = rest.firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") } ?? rest.endIndex
        let (host, port) = try Self.authority(rest[..<end], scheme: scheme)
        let mark = rest[end...].firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
        let path = rest[end..<mark]
        try self.init(scheme, host, port, path: path, query: mark < rest.endIndex ? rest[(mark + 1)...] : nil)
    }

    private init(
        _ scheme: Scheme,
        _ host: TargetHost,
        _ port: UInt16,
        path: ArraySlice<UInt8>,
        query: ArraySlice<UInt8>?
    ) throws(TargetURLError) {
        guard path.allSatisfy(Self.isPathByte) else { throw .forbiddenCharacter }
        if let query {
            guard query.allSatisfy(Self.isQueryByte), percentDecoded(query) != nil else { throw .forbiddenCharacter }
        }
        guard let decoded = percentDecoded(path) else { throw .forbiddenCharacter }
        guard decoded.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .forbiddenCharacter }
        // A parameter after `;` hides a dot segment from who does not know that form, so it ends the segment here.
        guard !Self.hasDotSegment(decoded) else { throw .dotSegment }
        // Decoded a second time too: some servers do that.
        if decoded.contains(UInt8(ascii: "%")), let twice = percentDecoded(decoded[...]) {
            guard !Self.hasDotSegment(twice) else { throw .dotSegment }
        }
        self.scheme = scheme
        self.host = host
        self.port = port
        authority = port == scheme.defaultPort ? host.uriText : "\(host.uriText):\(port)"
        self.path = path.isEmpty ? "/" : String(decoding: path, as: UTF8.self)
        self.query = query.map { String(decoding: $0, as: UTF8.self) }
        decodedPath = path.isEmpty ? [UInt8(ascii: "/")] : decoded
        let slashes = path.count { $0 == UInt8(ascii: "/") }
        let doubled = zip(path, path.dropFirst()).contains { $0 == UInt8(ascii: "/") && $1 == UInt8(ascii: "/") }
        isPathAmbiguous =
            doubled || decoded.contains(UInt8(ascii: "\\")) || decoded.contains(UInt8(ascii: ";"))
            || decoded.contains(UInt8(ascii: "%")) || decoded.count { $0 == UInt8(ascii: "/") } != slashes
    }

    /// The URL for people and for the audit trail: names of query parameters without their values.
    package var redacted: String {
        let base = "\(scheme.rawValue)://\(authority)\(path)"
        guard let query else { return base }
        let names = query.split(separator: "&", omittingEmptySubsequences: true).map { pair in
            pair.contains("=") ? "\(pair.prefix { $0 != "=" })=" : "***"
        }
        return names.isEmpty ? base : "\(base)?\(names.joined(separator: "&"))"
    }

    private static func scheme(of bytes: [UInt8]) throws(TargetURLError) -> (Scheme, ArraySlice<UInt8>) {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { throw .noScheme }
        let name = String(decoding: bytes[..<colon], as: UTF8.self).lowercased()
        guard let scheme = Scheme(rawValue: name) else { throw .noScheme }
        let rest = bytes[(colon + 1)...]
        guard rest.starts(with: "//".utf8) else { throw .noScheme }
        return (scheme, rest.dropFirst(2))
    }

    private static func authority(
        _ bytes: ArraySlice<UInt8>,
        scheme: Scheme
    ) throws(TargetURLError) -> (TargetHost, UInt16) {
        guard !bytes.contains(UInt8(ascii: "@")) else { throw .userInformation }
        var host = bytes
        var port: ArraySlice<UInt8>?
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw .invalidHost }
            host = bytes[...close]
            let rest = bytes[(close + 1)...]
            if !rest.isEmpty {
                guard rest.first == UInt8(ascii: ":") else { throw .invalidHost }
                port = rest.dropFirst()
            }
        } else if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
            host = bytes[..<colon]
            port = bytes[(colon + 1)...]
        }
        guard let host = TargetHost(String(decoding: host, as: UTF8.self)) else { throw .invalidHost }
        guard let port else { return (host, scheme.defaultPort) }
        guard let number = portNumber(port) else { throw .invalidPort }
        return (host, number)
    }

    private static func hasDotSegment(_ path: [UInt8]) -> Bool {
        guard path.contains(UInt8(ascii: ".")) else { return false }
        return path.split { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: ";") }
            .contains { $0.count <= 2 && $0.allSatisfy { $0 == UInt8(ascii: ".") } }
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "["), UInt8(ascii: "]"),
            UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"), UInt8(ascii: "}"):
            false
        default: true
        }
    }

    /// Brackets, braces and bars are sent bare by many clients, and no reader takes them for anything else.
    private static func isQueryByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "^"), UInt8(ascii: "`"): false
        default: true
        }
    }
}

/// Why a target's URL is refused.
package enum TargetURLError: Error, Equatable, Sendable {
    case tooLong
    /// Not `http://` or `https://`.
    case noScheme
    case forbiddenCharacter
    case fragment
    case userInformation
    case invalidHost
    case invalidPort
    /// A `.` or `..` segment, bare or escaped.
    case dotSegment
}

/// Reads a port: 1 to 65535 in digits without leading zeros.
func portNumber(_ bytes: ArraySlice<UInt8>) -> UInt16? {
    guard (1...5).contains(bytes.count), bytes.first != UInt8(ascii: "0"),
        bytes.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return UInt16(String(decoding: bytes, as: UTF8.self))
}

/// Resolves percent escapes once; nil for a `%` that no two hexadecimal digits follow.
func percentDecoded(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    guard bytes.contains(UInt8(ascii: "%")) else { return Array(bytes) }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var rest = bytes
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            decoded.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexadecimalDigit), let low = rest.popFirst().flatMap(hexadecimalDigit)
        else { return nil }
        decoded.append(high << 4 | low)
    }
    return decoded
}

func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
