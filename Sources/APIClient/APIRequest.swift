// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

/// One call as it goes over the wire.
struct APIRequest: Sendable {
    let method: HTTPMethod
    /// The path, each segment percent-encoded.
    let path: String
    var query: [(name: String, value: String)] = []
    var headers = HTTPHeaders()
    var body: ByteBuffer?
    /// Takes the place of the client's own key.
    var token: String?
    var timeout = TimeAmount.seconds(30)

    /// A call below `/api/v1`.
    ///
    /// A segment is an id or a name. One that no entry can be asked for by never leaves: `..` would make the request
    /// one about the folder above.
    init(_ method: HTTPMethod, _ segments: String...) throws(APIClientError) {
        var path = "/api/v1"
        for segment in segments {
            guard !["", ".", ".."].contains(segment), !segment.utf8.contains(0) else {
                throw .answer(ErrorBody(.notFound, "nothing has that name or id"))
            }
            path += "/" + percentEncoded(segment)
        }
        self.method = method
        self.path = path
    }

    init(outsideTheAPI path: String) {
        method = .GET
        self.path = path
    }

    /// The path with the query.
    var uri: String {
        guard !query.isEmpty else { return path }
        return path + "?" + query.map { "\($0.name)=\(percentEncoded($0.value))" }.joined(separator: "&")
    }

    /// Whether sending it again cannot do anything twice.
    var isRepeatable: Bool { method == .GET || headers.contains(name: "Idempotency-Key") }

    mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        query.append((name, value))
    }

    /// Makes the request one that the server carries out once, however often it arrives.
    mutating func makeOnce() {
        var random = SystemRandomNumberGenerator()
        let key = (0..<2).map { _ in String(random.next() as UInt64, radix: 36) }.joined(separator: "-")
        headers.replaceOrAdd(name: "Idempotency-Key", value: key)
    }

    mutating func setJSON(_ body: some Encodable) throws(APIClientError) {
        headers.replaceOrAdd(name: "Content-Type", value: "application/json")
        do {
            self.body = ByteBuffer(bytes: try JSONEncoder().encode(body))
        } catch {
            throw .protocolError("the request cannot be written as JSON: a value is not UTF-8")
        }
    }
}

/// Encodes every byte but the unreserved ones (RFC 3986 §2.3), so that the text stays one segment or one value.
func percentEncoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            encoded.unicodeScalars.append(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 16, uppercase: true)
            encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
        }
    }
    return encoded
}
