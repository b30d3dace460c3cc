// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A credential's value in the form that is sealed, and what of it must not come back.
///
/// Works on bytes in memory that the caller owns and wipes.
package struct CredentialValue {
    /// A part of fewer bytes is found everywhere and cannot be kept out of answers.
    package static let minimumSecretBytes = 6
    package static let maximumBytes = 32 << 10

    /// Checks `value` for `presentation` and returns it as it is to be sealed.
    ///
    /// A cookie may be pasted as browsers show it: see ``CookiePaste``. One line feed at the end, which files and
    /// terminals add, is dropped.
    package static func checked(
        _ value: borrowing SecretBytes,
        for presentation: Presentation
    ) throws(PresentationError) -> SecretBytes {
        try value.withBytes { value throws(PresentationError) in
            var text = value[...]
            if text.last == UInt8(ascii: "\n") { text = text.dropLast() }
            if text.last == UInt8(ascii: "\r") { text = text.dropLast() }
            guard text.count <= maximumBytes else { throw .tooLong }
            switch presentation.scheme {
            case .cookie: return try checkedCookie(text)
            case .customHeader where presentation.header == nil: return try checkedLines(text)
            case .apiKey, .customHeader, .queryParameter:
                try checkField(text)
                guard text.count >= minimumSecretBytes else { throw .tooShort }
            case .basicAuth:
                guard !text.contains(where: isControl) else { throw .controlCharacter }
                guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { throw .noColon }
                // An empty password is how some APIs take a key: as the user's name alone.
                let password = text[(colon + 1)...]
                guard (password.isEmpty ? text[..<colon] : password).count >= minimumSecretBytes else {
                    throw .tooShort
                }
            }
            return SecretBytes(copying: text)
        }
    }

    private static func checkedCookie(_ text: Slice<UnsafeRawBufferPointer>) throws(PresentationError) -> SecretBytes {
        guard var cookie = CookiePaste.normalized(text) else { throw .invalidCookie }
        defer { wipe(&cookie) }
        try checkField(cookie[...])
        guard cookie.count >= minimumSecretBytes else { throw .tooShort }
        return SecretBytes(copying: cookie)
    }

    private static func checkedLines(_ text: Slice<UnsafeRawBufferPointer>) throws(PresentationError) -> SecretBytes {
        var isLong = false
        for line in text.split(separator: UInt8(ascii: "\n")) {
            guard let (name, value) = field(line) else { throw .invalidLines }
            guard !Presentation.isFraming(name) else { throw .invalidHeader }
            try checkField(value)
            isLong = isLong || value.count >= minimumSecretBytes
        }
        guard isLong else { throw .tooShort }
        return SecretBytes(copying: text)
    }

    /// One line of `Name: value`.
    static func field(_ line: Slice<UnsafeRawBufferPointer>) -> (name: String, value: Slice<UnsafeRawBufferPointer>)? {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let name = String(decoding: line[..<colon], as: UTF8.self)
        var value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        while let last = value.last, last == UInt8(ascii: " ") || last == UInt8(ascii: "\r") {
            value = value.dropLast()
        }
        guard Presentation.isFieldName(name), !value.isEmpty else { return nil }
        return (name, value)
    }

    private static func checkField(_ bytes: some Collection<UInt8>) throws(PresentationError) {
        guard !bytes.contains(where: isControl) else { throw .controlCharacter }
        guard bytes.allSatisfy({ $0 < 0x80 }) else { throw .notASCII }
        // RFC 9110 §5.5: a field's value neither begins nor ends with a blank.
        guard bytes.first != 0x20, Array(bytes.suffix(1)) != [0x20] else { throw .controlCharacter }
    }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7F }

    static func wipe(_ bytes: inout [UInt8]) {
        for index in bytes.indices { bytes[index] = 0 }
    }
}

/// Cookies as people paste them.
enum CookiePaste {
    /// `name=value; name=value` from a `Cookie` header with or without its name, from `document.cookie`, or from the
    /// rows that developer tools copy and `cookies.txt` holds; nil when it is none of these.
    static func normalized(_ text: some Collection<UInt8>) -> [UInt8]? {
        var pairs: [[UInt8]] = []
        let lines = text.split(separator: UInt8(ascii: "\n"))
        for line in lines {
            var line = Array(line)
            defer { CredentialValue.wipe(&line) }
            while line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.contains(UInt8(ascii: "\t")) {
                guard let pair = row(line) else { continue }
                pairs.append(pair)
            } else {
                guard let found = header(line) else { return nil }
                pairs += found
            }
        }
        guard !pairs.isEmpty else { return nil }
        return Array(pairs.joined(separator: Array("; ".utf8)))
    }

    /// A row of a table: `name TAB value TAB domain …`, or the seven columns of `cookies.txt`.
    private static func row(_ line: [UInt8]) -> [UInt8]? {
        let isMarked = line.starts(with: "#HttpOnly_".utf8)
        guard isMarked || line.first != UInt8(ascii: "#") else { return nil }
        let columns = line.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        let isFile =
            columns.count == 7 && (columns[1].elementsEqual("TRUE".utf8) || columns[1].elementsEqual("FALSE".utf8))
        let pair = isFile ? (columns[5], columns[6]) : (columns[0], columns[1])
        guard isName(pair.0) else { return nil }
        return pair.0 + [UInt8(ascii: "=")] + pair.1
    }

    private static func header(_ line: [UInt8]) -> [[UInt8]]? {
        var rest = line[...]
        let name = Array("cookie:".utf8)
        if rest.count >= name.count, rest.prefix(name.count).map({ $0 | 0x20 }) == name.map({ $0 | 0x20 }) {
            rest = rest.dropFirst(name.count)
        }
        var pairs: [[UInt8]] = []
        for part in rest.split(separator: UInt8(ascii: ";")) {
            var pair = part.drop { $0 == 0x20 }
            while pair.last == 0x20 { pair = pair.dropLast() }
            if pair.isEmpty { continue }
            guard let equals = pair.firstIndex(of: UInt8(ascii: "=")), isName(pair[..<equals]) else { return nil }
            pairs.append(Array(pair))
        }
        return pairs.isEmpty ? nil : pairs
    }

    private static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.allSatisfy { Presentation.isUnreserved($0) || "!#$%&'*+^`|".utf8.contains($0) }
    }
}
