// SPDX-License-Identifier: Apache-2.0

/// Finds the parts of a JSON text: the grammar of RFC 8259 §2 to §7 and nothing beyond it.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    mutating func readText() throws(ContainerEditError) -> JSONNode {
        let root = try readValue(depth: 0)
        skipBlanks()
        guard position == bytes.count else { throw malformed }
        return root
    }

    private var malformed: ContainerEditError { .malformedJSON(offset: position) }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipBlanks() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    /// Passes over `byte`, after blanks, where it is the next one.
    private mutating func passes(_ byte: UInt8) -> Bool {
        skipBlanks()
        guard next == byte else { return false }
        position += 1
        return true
    }

    private mutating func readValue(depth: Int) throws(ContainerEditError) -> JSONNode {
        guard depth < JSONText.maximumDepth else { throw malformed }
        skipBlanks()
        let start = position
        let kind: JSONNode.Kind
        switch next {
        case UInt8(ascii: "{"): kind = .object(try readMembers(depth: depth))
        case UInt8(ascii: "["): kind = .array(try readElements(depth: depth))
        case UInt8(ascii: "\""):
            try readString()
            kind = .string
        case UInt8(ascii: "t"): kind = .boolean(try read("true", as: true))
        case UInt8(ascii: "f"): kind = .boolean(try read("false", as: false))
        case UInt8(ascii: "n"): kind = try read("null", as: .null)
        default:
            try readNumber()
            kind = .number
        }
        return JSONNode(kind: kind, range: start..<position)
    }

    private mutating func readMembers(depth: Int) throws(ContainerEditError) -> [JSONMember] {
        position += 1
        var members: [JSONMember] = []
        if passes(UInt8(ascii: "}")) { return members }
        while true {
            skipBlanks()
            let start = position
            try readString()
            let name = start..<position
            guard passes(UInt8(ascii: ":")) else { throw malformed }
            members.append(JSONMember(name: name, value: try readValue(depth: depth + 1)))
            if passes(UInt8(ascii: "}")) { return members }
            guard passes(UInt8(ascii: ",")) else { throw malformed }
        }
    }

    private mutating func readElements(depth: Int) throws(ContainerEditError) -> [JSONNode] {
        position += 1
        var elements: [JSONNode] = []
        if passes(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try readValue(depth: depth + 1))
            if passes(UInt8(ascii: "]")) { return elements }
            guard passes(UInt8(ascii: ",")) else { throw malformed }
        }
    }

    private mutating func read<Value>(_ word: StaticString, as value: Value) throws(ContainerEditError) -> Value {
        for index in 0..<word.utf8CodeUnitCount {
            guard next == word.utf8Start[index] else { throw malformed }
            position += 1
        }
        return value
    }

    private mutating func readString() throws(ContainerEditError) {
        guard next == UInt8(ascii: "\"") else { throw malformed }
        let start = position
        position += 1
        var isPlain = true
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                // A string that no character stands for is found now, not when somebody needs it.
                guard isPlain || Self.characters(of: bytes[start + 1..<position - 1]) != nil else { throw malformed }
                return
            case UInt8(ascii: "\\"):
                isPlain = false
                position += 2
            case 0..<0x20: throw malformed
            default:
                if byte >= 0x80 { isPlain = false }
                position += 1
            }
        }
        throw malformed
    }

    private mutating func readNumber() throws(ContainerEditError) {
        if next == UInt8(ascii: "-") { position += 1 }
        if next == UInt8(ascii: "0") { position += 1 } else { try readDigits() }
        if next == UInt8(ascii: ".") {
            position += 1
            try readDigits()
        }
        if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
            position += 1
            if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
            try readDigits()
        }
    }

    private mutating func readDigits() throws(ContainerEditError) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw malformed }
    }

    /// What stands between the quotes of a string, its escapes resolved; nil where an escape or UTF-8 is wrong.
    static func characters(of body: ArraySlice<UInt8>) -> String? {
        guard body.contains(UInt8(ascii: "\\")) else { return String(validating: body, as: UTF8.self) }
        var result: [UInt8] = []
        var rest = body[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            switch rest.popFirst() {
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(&rest) else { return nil }
                result += Array(String(Character(scalar)).utf8)
            case .some(let plain) where plain == 0x22 || plain == 0x5C || plain == 0x2F: result.append(plain)
            default: return nil
            }
        }
        return String(validating: result, as: UTF8.self)
    }

    /// The character of `\uXXXX`, or of two of them that are a surrogate pair; half a pair is none.
    private static func scalar(_ rest: inout ArraySlice<UInt8>) -> Unicode.Scalar? {
        guard let first = unit(&rest) else { return nil }
        guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) }
        guard rest.popFirst() == UInt8(ascii: "\\"), rest.popFirst() == UInt8(ascii: "u"),
            let second = unit(&rest), (0xDC00..<0xE000).contains(second)
        else { return nil }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    }

    private static func unit(_ rest: inout ArraySlice<UInt8>) -> UInt32? {
        guard rest.count >= 4 else { return nil }
        var number: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = rest.popFirst(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                return nil
            }
            number = number << 4 | UInt32(digit)
        }
        return number
    }
}
