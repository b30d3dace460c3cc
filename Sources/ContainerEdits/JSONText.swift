// SPDX-License-Identifier: Apache-2.0

/// A JSON text (RFC 8259) as the bytes that somebody wrote, and where each part of it stands.
///
/// Nothing is converted: what is not asked for is never looked at again, so numbers, the order of members, blanks and
/// fields that nobody here knows stay as they are when ``TextEdits`` changes a place.
package struct JSONText: Sendable {
    /// Deeper nesting is refused; what engines write has less than a dozen levels.
    static let maximumDepth = 64
    /// Larger texts are refused, in bytes.
    package static let maximumBytes = 16 << 20

    package let bytes: [UInt8]
    package let root: JSONNode

    /// Reads the whole of `bytes`; throws ``ContainerEditError/malformedJSON(offset:)`` at the first byte that is wrong.
    package init(_ bytes: [UInt8]) throws(ContainerEditError) {
        guard bytes.count <= Self.maximumBytes else { throw .malformedJSON(offset: Self.maximumBytes) }
        var reader = JSONReader(bytes)
        root = try reader.readText()
        self.bytes = bytes
    }

    /// The characters of a string; nil for any other node.
    package func string(_ node: JSONNode?) -> String? {
        guard let node, case .string = node.kind else { return nil }
        return JSONReader.characters(of: bytes[node.range.lowerBound + 1..<node.range.upperBound - 1])
    }

    /// The whole number that a node is; nil for any other node.
    package func integer(_ node: JSONNode?) -> Int? {
        guard let node, case .number = node.kind else { return nil }
        return Int(String(decoding: bytes[node.range], as: UTF8.self))
    }

    /// The member of that name; nil where there is none, where it is null, and where `node` is no object.
    ///
    /// Engines are written in Go, whose reader takes a name in any case and the last of several. A name that appears
    /// twice in that sense means different things to different readers, so it is refused.
    package func member(_ name: String, of node: JSONNode?) throws(ContainerEditError) -> JSONNode? {
        guard let member = try anyMember(name, of: node), member.kind != .null else { return nil }
        return member
    }

    /// As ``member(_:of:)``, with null for what it is.
    func anyMember(_ name: String, of node: JSONNode?) throws(ContainerEditError) -> JSONNode? {
        guard let node, case .object(let members) = node.kind else { return nil }
        var found: JSONNode?
        let folded = name.lowercased()
        for member in members {
            // Compared as bytes first, since nearly all are others.
            guard member.name.upperBound - member.name.lowerBound - 2 >= name.utf8.count,
                let text = JSONReader.characters(of: bytes[member.name.lowerBound + 1..<member.name.upperBound - 1]),
                text.lowercased() == folded
            else { continue }
            guard found == nil, text == name else { throw .ambiguousMember(name) }
            found = member.value
        }
        return found
    }

    /// The strings of an array of strings; nil for any other node.
    package func strings(_ node: JSONNode?) -> [String]? {
        guard let node, case .array(let elements) = node.kind else { return nil }
        var strings: [String] = []
        for element in elements {
            guard let string = string(element) else { return nil }
            strings.append(string)
        }
        return strings
    }
}

/// One value of a JSON text.
package struct JSONNode: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case object([JSONMember])
        case array([JSONNode])
        case string
        case number
        case boolean(Bool)
        case null
    }

    package let kind: Kind
    /// Where it stands, quotes and brackets included.
    package let range: Range<Int>

    package var elements: [JSONNode]? {
        guard case .array(let elements) = kind else { return nil }
        return elements
    }

    var isObject: Bool {
        guard case .object = kind else { return false }
        return true
    }
}

/// One member of an object.
package struct JSONMember: Equatable, Sendable {
    /// Where its name stands, quotes included.
    let name: Range<Int>
    let value: JSONNode
}

/// Text as JSON writes it, quotes included.
package func jsonString(_ text: String) -> [UInt8] {
    let digits = Array("0123456789abcdef".utf8)
    var bytes: [UInt8] = [UInt8(ascii: "\"")]
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
        case 0..<0x20: bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        default: bytes.append(byte)
        }
    }
    return bytes + [UInt8(ascii: "\"")]
}
