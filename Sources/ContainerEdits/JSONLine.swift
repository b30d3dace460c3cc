// SPDX-License-Identifier: Apache-2.0

/// JSON that is written on one line.
enum JSONLine {
    static func object(_ members: [(String, [UInt8])]) -> [UInt8] {
        let parts = members.map { jsonString($0.0) + [UInt8(ascii: ":")] + $0.1 }
        return Array("{".utf8) + Array(parts.joined(separator: [UInt8(ascii: ",")])) + Array("}".utf8)
    }

    static func list(_ elements: [[UInt8]]) -> [UInt8] {
        Array("[".utf8) + Array(elements.joined(separator: [UInt8(ascii: ",")])) + Array("]".utf8)
    }

    static func array(_ strings: [String]) -> [UInt8] { list(strings.map(jsonString)) }
}
