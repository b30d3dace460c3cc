// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Glibc
internal import VaultModel

/// The parts of a `multipart/form-data` body (RFC 7578, RFC 2046 §5.1), split in memory.
///
/// Our own code for the reasons of docs/decisions/0021-form-data-by-hand.md. Each part is copied once, into memory that is wiped. What stands before the first boundary or after the last one
/// is refused: nothing of a body is passed over unseen.
struct FormData {
    static let maximumParts = 80
    static let maximumHeaderBytes = 4 << 10

    struct Part {
        let name: String
        let fileName: String?
        let contents: SharedSecret
    }

    private(set) var parts: [Part] = []

    /// The boundary that a `Content-Type` names; nil for another type, or one without a boundary of 1 to 70 characters.
    static func boundary(of contentType: String) -> String? {
        let parameters = HeaderParameters(contentType)
        guard parameters.value == "multipart/form-data", let boundary = parameters["boundary"],
            (1...70).contains(boundary.utf8.count)
        else { return nil }
        return boundary
    }

    init(_ bytes: UnsafeRawBufferPointer, boundary: String) throws {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        // The first delimiter has no line break before it when the body begins with it.
        guard bytes.starts(with: delimiter.dropFirst(2)) else { throw Self.unreadable }
        var index = delimiter.count - 2
        while true {
            if bytes[index...].starts(with: "--".utf8) {
                guard bytes[(index + 2)...].allSatisfy({ $0 == 0x0D || $0 == 0x0A }) else { throw Self.unreadable }
                return
            }
            guard bytes[index...].starts(with: "\r\n".utf8), parts.count < Self.maximumParts else {
                throw Self.unreadable
            }
            let header = index + 2
            guard let end = Self.find(Array("\r\n\r\n".utf8), in: bytes, from: index),
                end - header <= Self.maximumHeaderBytes,
                let next = Self.find(delimiter, in: bytes, from: end + 2)
            else { throw Self.unreadable }
            // A part without a header begins with the blank line; one without contents ends where they would begin.
            let contents = min(end + 4, next)..<next
            parts.append(
                try Self.part(
                    header: String(decoding: bytes[min(header, end)..<end], as: UTF8.self),
                    contents: UnsafeRawBufferPointer(rebasing: bytes[contents])
                )
            )
            index = next + delimiter.count
        }
    }

    private static let unreadable = APIFailure(
        .invalidField,
        "the form cannot be read",
        hint: "send multipart/form-data with the parts file and choices, or the file itself",
        field: "file"
    )

    private static func part(header: String, contents: UnsafeRawBufferPointer) throws -> Part {
        var name: String?
        var fileName: String?
        for line in header.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":") else { throw unreadable }
            let content = String(line[line.index(after: colon)...])
            switch line[..<colon].lowercased() {
            case "content-disposition":
                let parameters = HeaderParameters(content)
                guard parameters.value == "form-data" else { throw unreadable }
                name = parameters["name"]
                fileName = parameters["filename"]
            case "content-transfer-encoding":
                // RFC 7578 §4.7: deprecated, and an encoded file would be taken for its own text.
                guard ["7bit", "8bit", "binary"].contains(content.filter { $0 != " " }.lowercased()) else {
                    throw unreadable
                }
            default: continue
            }
        }
        guard let name else { throw unreadable }
        return Part(name: name, fileName: fileName, contents: SharedSecret(copying: contents))
    }

    /// The first index from `start` on where `needle` stands.
    private static func find(_ needle: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var index = start
        while index <= bytes.count - needle.count {
            guard let found = memchr(base + index, Int32(needle[0]), bytes.count - index) else { return nil }
            index = UnsafeRawPointer(found) - base
            if bytes[index...].starts(with: needle) { return index }
            index += 1
        }
        return nil
    }
}

/// A header field's value with its parameters, such as `form-data; name="file"` (RFC 9110 §5.6.6).
struct HeaderParameters {
    /// In lower case.
    let value: String
    private var parameters: [String: String] = [:]

    /// The value of a parameter, by its name in lower case.
    subscript(name: String) -> String? { parameters[name] }

    init(_ text: String) {
        var rest = text[...]
        value = rest.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        rest = rest.drop { $0 != ";" }
        while rest.first == ";" {
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let name = rest.prefix { $0 != "=" && $0 != ";" }.lowercased()
            rest = rest.dropFirst(name.count)
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst()
            parameters[name] = rest.first == "\"" ? Self.quoted(&rest) : Self.token(&rest)
        }
    }

    private static func token(_ rest: inout Substring) -> String {
        let token = rest.prefix { $0 != ";" }
        rest = rest.dropFirst(token.count)
        return token.filter { $0 != " " && $0 != "\t" }
    }

    /// A quoted string, with its escapes; what browsers write for a quote (`%22`) is one as well.
    private static func quoted(_ rest: inout Substring) -> String {
        var text = ""
        rest = rest.dropFirst()
        while let character = rest.popFirst(), character != "\"" {
            // A backslash that escapes nothing is part of a path of Windows.
            if character == "\\", let next = rest.first, next == "\"" || next == "\\" {
                rest = rest.dropFirst()
                text.append(next)
            } else {
                text.append(character)
            }
        }
        rest = rest.drop { $0 != ";" }
        return text.replacing("%22", with: "\"")
    }
}
