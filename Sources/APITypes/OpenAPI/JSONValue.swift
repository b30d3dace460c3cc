// SPDX-License-Identifier: Apache-2.0

/// A JSON document that is put together piece by piece, such as the description of the API.
package enum JSONValue: Encodable, Equatable, Sendable {
    case null
    case string(String)
    case integer(Int)
    case boolean(Bool)
    case array([JSONValue])
    case object([String: JSONValue])

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .string(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        case .boolean(let flag): try container.encode(flag)
        case .array(let elements): try container.encode(elements)
        case .object(let members): try container.encode(members)
        }
    }

    /// The member of an object; nil for anything else.
    package subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The names of an object's members.
    package var names: Set<String> {
        guard case .object(let members) = self else { return [] }
        return Set(members.keys)
    }

    /// Puts `value` under `name`, where there is a value; for objects only.
    mutating func set(_ name: String, _ value: JSONValue?) {
        guard case .object(var members) = self, let value else { return }
        members[name] = value
        self = .object(members)
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral text: String) { self = .string(text) }

    package init(integerLiteral number: Int) { self = .integer(number) }

    package init(booleanLiteral flag: Bool) { self = .boolean(flag) }

    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral members: (String, JSONValue)...) {
        self = .object(Dictionary(members) { $1 })
    }
}
