// SPDX-License-Identifier: Apache-2.0

/// Places of a JSON text where something is put in or taken out; everything else stays byte for byte.
///
/// In what engines write of containers, the one thing that is replaced is `null`, where they have no list.
struct TextEdits {
    private let text: JSONText
    private var edits: [(range: Range<Int>, bytes: [UInt8])] = []

    init(_ text: JSONText) { self.text = text }

    /// Puts `elements` in front of an array's own.
    mutating func prepend(_ elements: [[UInt8]], to array: JSONNode) {
        guard !elements.isEmpty, let own = array.elements else { return }
        let comma = own.isEmpty ? [] : [UInt8(ascii: ",")]
        insert(Array(elements.joined(separator: Self.comma)) + comma, at: array.range.lowerBound + 1)
    }

    /// Puts `elements` behind those of the member `name`, which is made where `object` has none.
    mutating func append(
        _ elements: [[UInt8]],
        toMember name: String,
        of object: JSONNode
    ) throws(ContainerEditError) {
        guard !elements.isEmpty else { return }
        let joined = Array(elements.joined(separator: Self.comma))
        guard let member = try text.anyMember(name, of: object) else {
            return addMember(name, [UInt8(ascii: "[")] + joined + [UInt8(ascii: "]")], to: object)
        }
        switch member.kind {
        case .null: edits.append((member.range, [UInt8(ascii: "[")] + joined + [UInt8(ascii: "]")]))
        case .array(let own):
            let place = own.last?.range.upperBound ?? member.range.lowerBound + 1
            insert((own.isEmpty ? [] : Self.comma) + joined, at: place)
        default: throw .unexpectedForm(name)
        }
    }

    /// Gives `object`, which has none of that name, a member; `value` is JSON.
    ///
    /// With `isLaidOut` it begins as the object's first member does, on a line of its own or not.
    mutating func addMember(_ name: String, _ value: [UInt8], to object: JSONNode, isLaidOut: Bool = false) {
        guard case .object(let members) = object.kind else { return }
        let blanks =
            isLaidOut ? members.first.map { text.bytes[object.range.lowerBound + 1..<$0.name.lowerBound] } ?? [] : []
        let colon = Array((isLaidOut ? ": " : ":").utf8)
        let place = members.last?.value.range.upperBound ?? object.range.lowerBound + 1
        // Another one may have been put there before.
        let isFirst = members.isEmpty && !edits.contains { $0.range == place..<place }
        insert((isFirst ? [] : Self.comma) + blanks + jsonString(name) + colon + value, at: place)
    }

    /// Takes the member of that name out of an object, with the comma that goes with it.
    mutating func removeMember(_ name: String, of object: JSONNode) {
        guard case .object(let members) = object.kind,
            let index = members.firstIndex(where: {
                JSONReader.characters(of: text.bytes[$0.name.lowerBound + 1..<$0.name.upperBound - 1]) == name
            })
        else { return }
        let end = members[index].value.range.upperBound
        if index > 0 {
            edits.append((members[index - 1].value.range.upperBound..<end, []))
        } else if members.count > 1 {
            edits.append((members[0].name.lowerBound..<members[1].name.lowerBound, []))
        } else {
            edits.append((members[0].name.lowerBound..<end, []))
        }
    }

    /// Puts JSON in the place of a null.
    mutating func replaceNull(_ node: JSONNode, with value: [UInt8]) {
        guard node.kind == .null else { return }
        edits.append((node.range, value))
    }

    /// The member of that name, whatever it is; nil where the object has none.
    func member(_ name: String, of object: JSONNode) throws(ContainerEditError) -> JSONNode? {
        try text.anyMember(name, of: object)
    }

    /// Puts JSON in the place of a value.
    mutating func replace(_ node: JSONNode, with value: [UInt8]) { edits.append((node.range, value)) }

    /// The text with everything put in.
    ///
    /// Of two that go to one place, the one that was asked for first stands first.
    func applied() -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.bytes.count + edits.reduce(0) { $0 + $1.bytes.count })
        var position = 0
        let inOrder = edits.enumerated().sorted {
            ($0.element.range.lowerBound, $0.offset) < ($1.element.range.lowerBound, $1.offset)
        }
        for (_, edit) in inOrder {
            result += text.bytes[position..<edit.range.lowerBound]
            result += edit.bytes
            position = edit.range.upperBound
        }
        return result + text.bytes[position...]
    }

    private static let comma = [UInt8(ascii: ",")]

    private mutating func insert(_ bytes: [UInt8], at place: Int) { edits.append((place..<place, bytes)) }
}
