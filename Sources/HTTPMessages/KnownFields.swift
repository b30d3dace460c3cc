// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes

/// Names of fields in the spellings that most messages have, so that they need not be made for each of them.
///
/// Looked up by a few of their bytes and compared byte by byte.
struct KnownFields: Sendable {
    static let all = KnownFields()

    private static let places = 1_024

    private static let names = [
        "Accept", "Accept-Encoding", "Accept-Language", "Accept-Ranges", "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Headers", "Access-Control-Allow-Methods", "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers", "Age", "Alt-Svc", "Anthropic-Version", "Authorization", "Cache-Control",
        "CF-Cache-Status", "CF-Ray", "Connection", "Content-Disposition", "Content-Encoding", "Content-Language",
        "Content-Length", "Content-Security-Policy", "Content-Type", "Cookie", "Date", "ETag", "Expect", "Expires",
        "Host",
        "If-Modified-Since", "If-None-Match", "Keep-Alive", "Last-Modified", "Link", "Location", "OpenAI-Organization",
        "OpenAI-Processing-Ms", "OpenAI-Version", "Origin", "Permissions-Policy", "Pragma", "Range", "Referer",
        "Referrer-Policy", "Retry-After", "Server", "Set-Cookie", "Strict-Transport-Security", "Transfer-Encoding",
        "Upgrade", "User-Agent", "Vary", "Via", "WWW-Authenticate", "X-API-Key", "X-Content-Type-Options",
        "X-Credential-Name", "X-Forwarded-For", "X-Forwarded-Proto", "X-Frame-Options", "X-Powered-By",
        "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-ID", "X-Stainless-Arch",
        "X-Stainless-Async", "X-Stainless-Lang", "X-Stainless-OS", "X-Stainless-Package-Version",
        "X-Stainless-Retry-Count", "X-Stainless-Runtime", "X-Stainless-Runtime-Version", "X-Target-Method",
        "X-Target-Url", "X-XSS-Protection",
    ]

    private struct Known {
        let bytes: [UInt8]
        let name: HTTPField.Name
        let role: FieldRole
    }

    private let known: [Known]
    /// For each place the number of a name there and one more; 0 for none.
    private let table: [UInt8]

    private init() {
        var known: [Known] = []
        var table = [UInt8](repeating: 0, count: Self.places)
        for spelling in Self.names.flatMap({ [$0, $0.lowercased()] }) {
            let bytes = Array(spelling.utf8)
            let place = bytes.withUnsafeBytes { Self.place(of: $0) }
            // Whoever comes second is made anew each time.
            guard table[place] == 0, let name = HTTPField.Name(spelling) else { continue }
            known.append(Known(bytes: bytes, name: name, role: FieldRole(of: name)))
            table[place] = UInt8(known.count)
        }
        (self.known, self.table) = (known, table)
    }

    /// The name that `bytes` are, and what it means for its message; nil where they are no name (RFC 9110 §5.1).
    func name(_ bytes: UnsafeRawBufferPointer) -> (HTTPField.Name, FieldRole)? {
        guard !bytes.isEmpty else { return nil }
        let number = Int(table[Self.place(of: bytes)])
        if number > 0, known[number - 1].bytes.elementsEqual(bytes) {
            return (known[number - 1].name, known[number - 1].role)
        }
        return HTTPField.Name(String(decoding: bytes, as: UTF8.self)).map { ($0, FieldRole(of: $0)) }
    }

    private static func place(of bytes: UnsafeRawBufferPointer) -> Int {
        let (first, middle, last) = (bytes[0], bytes[bytes.count / 2], bytes[bytes.count - 1])
        return (bytes.count &* 61 &+ Int(first) &* 7 &+ Int(middle) &* 31 &+ Int(last) &* 13) & (places - 1)
    }
}

/// What a field says of the message that it stands in.
enum FieldRole {
    case none
    case connection
    case expect
    case host
    case length
    case transferCoding
    case upgrade

    init(of name: HTTPField.Name) {
        self =
            switch name.canonicalName {
            case "connection": .connection
            case "content-length": .length
            case "expect": .expect
            case "host": .host
            case "transfer-encoding": .transferCoding
            case "upgrade": .upgrade
            default: .none
            }
    }
}
