// SPDX-License-Identifier: Apache-2.0

/// What a value looks like, without keeping any of it.
struct ValueForm {
    let keyFormat: KnownKeyFormat?
    let isURLWithCredentials: Bool
    let isSetting: Bool
    let isAddress: Bool
    let isWord: Bool

    init(_ value: UnsafeRawBufferPointer) {
        keyFormat = KnownKeyFormat.of(value)
        isSetting = Self.isSetting(value)
        isWord = Self.isWord(value)
        if let start = Self.endOfScheme(value) {
            let rest = UnsafeRawBufferPointer(rebasing: value[start...])
            // An `@` after the first slash may belong to a password that was not encoded.
            isURLWithCredentials = rest.contains(UInt8(ascii: "@"))
            isAddress = !isURLWithCredentials && Self.isPlainURL(rest)
        } else {
            isURLWithCredentials = false
            isAddress = Self.isHostAndPort(value)
        }
    }

    // MARK: - Settings

    private static let settings = [
        "true", "false", "yes", "no", "on", "off", "enabled", "disabled", "none", "null", "auto", "default",
        "trace", "debug", "verbose", "info", "notice", "warn", "warning", "error", "fatal",
        "production", "prod", "staging", "development", "dev", "test", "local", "json", "text", "utf-8", "utc",
    ]

    private static let units = ["ms", "s", "m", "h", "d", "k", "kb", "mb", "gb", "kib", "mib", "gib", "%"]

    /// A word of configuration, or a number of at most six digits with a unit or without.
    private static func isSetting(_ value: UnsafeRawBufferPointer) -> Bool {
        let small = value.lazy.map(\.lowercased)
        if settings.contains(where: { small.elementsEqual($0.utf8) }) { return true }
        let unsigned = small.first == UInt8(ascii: "-") ? small.dropFirst() : small[...]
        let unit = unsigned.drop { $0.isDigit || $0 == UInt8(ascii: ".") }
        let number = unsigned[..<unit.startIndex]
        let digits = number.count { $0.isDigit }
        guard (1...6).contains(digits), number.count - digits <= 1, number.first?.isDigit == true else { return false }
        return unit.isEmpty || units.contains { unit.elementsEqual($0.utf8) }
    }

    /// One short word or path of plain characters, no part of it long enough to be a key.
    private static func isWord(_ value: UnsafeRawBufferPointer) -> Bool {
        (1...64).contains(value.count)
            && value.allSatisfy { $0.isNameByte || "-./:,+".utf8.contains($0) }
            && value.split { !$0.isLetter && !$0.isDigit }.allSatisfy { $0.count < shortestKey }
    }

    /// Fewer characters in a row are not taken for a key in what is public otherwise.
    private static let shortestKey = 20

    // MARK: - Addresses

    /// The index after `scheme://` (RFC 3986 §3.1).
    private static func endOfScheme(_ value: UnsafeRawBufferPointer) -> Int? {
        let end = value.firstIndex { !$0.isLetter && !$0.isDigit && !"+-.".utf8.contains($0) } ?? value.count
        return end > 0 && value.has("://", at: end, before: value.count) ? end + 3 : nil
    }

    /// Whether what follows a scheme is a host and a path, and no part of the path is long enough to be a key.
    private static func isPlainURL(_ rest: UnsafeRawBufferPointer) -> Bool {
        let parts = rest.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty, !rest.contains(where: { "?#;".utf8.contains($0) }) else {
            return false
        }
        return rest.allSatisfy { $0 > 0x20 && $0 < 0x7F } && parts.dropFirst().allSatisfy { $0.count < shortestKey }
    }

    /// `host:port`, a list of them with commas included.
    private static func isHostAndPort(_ value: UnsafeRawBufferPointer) -> Bool {
        value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).allSatisfy { part in
            guard let colon = part.lastIndex(of: Byte.colon) else { return false }
            let host = part[..<colon]
            let port = part[(colon + 1)...]
            return !host.isEmpty && host.count <= 64
                && host.allSatisfy { $0.isLetter || $0.isDigit || "-.".utf8.contains($0) }
                && (1...5).contains(port.count) && port.allSatisfy(\.isDigit)
        }
    }
}
