// SPDX-License-Identifier: Apache-2.0

internal import Glibc
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
        let bytes: UnsafeRawBufferPointer
        let name: HTTPField.Name
        let role: FieldRole
    }

    // Both are made once, never written again and never freed: an array would be retained for each field of each message.
    private nonisolated(unsafe) let known: UnsafeBufferPointer<Known>
    /// For each place the number of a name there and one more; 0 for none.
    private nonisolated(unsafe) let table: UnsafeBufferPointer<UInt8>

    private init() {
        let table = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: Self.places)
        table.initialize(repeating: 0)
        var known: [Known] = []
        for spelling in Self.names.flatMap({ [$0, $0.lowercased()] }) {
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: spelling.utf8.count, alignment: 1)
            bytes.copyBytes(from: spelling.utf8)
            let place = Self.place(of: UnsafeRawBufferPointer(bytes))
            // Whoever comes second is made anew each time.
            guard table[place] == 0, let name = HTTPField.Name(spelling) else { continue }
            known.append(Known(bytes: UnsafeRawBufferPointer(bytes), name: name, role: FieldRole(of: name)))
            table[place] = UInt8(known.count)
        }
        let all = UnsafeMutableBufferPointer<Known>.allocate(capacity: known.count)
        _ = all.initialize(from: known)
        (self.known, self.table) = (UnsafeBufferPointer(all), UnsafeBufferPointer(table))
    }

    /// A name that was looked up.
    struct Name {
        /// Nil where it is not known in this spelling.
        let place: Int?
        /// Nil where it is known.
        let made: HTTPField.Name?
        let role: FieldRole

        var name: HTTPField.Name { made ?? KnownFields.all.known[place ?? 0].name }
    }

    /// The name that `bytes` are, and what it means for its message; nil where they are no name (RFC 9110 §5.1).
    func name(_ bytes: UnsafeRawBufferPointer) -> Name? {
        guard let base = bytes.baseAddress, !bytes.isEmpty else { return nil }
        let place = Int(table[Self.place(of: bytes)]) - 1
        if place >= 0, known[place].bytes.count == bytes.count, let same = known[place].bytes.baseAddress,
            memcmp(base, same, bytes.count) == 0
        {
            return Name(place: place, made: nil, role: known[place].role)
        }
        return HTTPField.Name(String(decoding: bytes, as: UTF8.self)).map {
            Name(place: nil, made: $0, role: FieldRole(of: $0))
        }
    }

    subscript(place: Int) -> HTTPField.Name { known[place].name }

    var allNames: [HTTPField.Name] { known.map(\.name) }

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
