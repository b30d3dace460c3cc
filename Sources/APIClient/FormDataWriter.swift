// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import NIOCore
internal import VaultModel

/// Writes a `multipart/form-data` body (RFC 7578).
struct FormDataWriter {
    private(set) var body = ByteBuffer()
    /// 128 random bits: no file has them by accident, and nobody who wrote one could know them.
    private let boundary: String

    init() {
        var random = SystemRandomNumberGenerator()
        boundary = (0..<2).map { _ in String(random.next() as UInt64, radix: 36) }.joined(separator: "-")
    }

    var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// Adds a file under the name that it is known by.
    mutating func add(_ part: String, named name: String, _ contents: SharedSecret) {
        // As browsers do (RFC 7578 §4.2): what would end the string or the line.
        let name = name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\r", with: "%0D").replacing("\n", with: "%0A")
        begin(part, "; filename=\"\(name)\"", type: "application/octet-stream")
        contents.bytes.withBytes { _ = body.writeBytes($0) }
        body.writeString("\r\n")
    }

    mutating func add(_ part: String, _ value: some Encodable) throws(APIClientError) {
        begin(part, "", type: "application/json")
        do {
            body.writeBytes(try JSONEncoder().encode(value))
        } catch {
            throw .protocolError("the request cannot be written as JSON")
        }
        body.writeString("\r\n")
    }

    mutating func end() { body.writeString("--\(boundary)--\r\n") }

    private mutating func begin(_ part: String, _ parameters: String, type: String) {
        body.writeString("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(part)\"\(parameters)\r\n")
        body.writeString("Content-Type: \(type)\r\n\r\n")
    }
}
