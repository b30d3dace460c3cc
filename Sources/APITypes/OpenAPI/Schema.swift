// SPDX-License-Identifier: Apache-2.0

/// What JSON may stand in one place: a schema of JSON Schema 2020-12, as OpenAPI 3.1 uses it.
package struct Schema: Equatable, Sendable {
    package var json: JSONValue

    private init(_ json: JSONValue) {
        self.json = json
    }

    package static func string(
        format: String? = nil,
        pattern: String? = nil,
        length: ClosedRange<Int>? = nil,
        _ description: String? = nil
    ) -> Schema {
        var json: JSONValue = ["type": "string"]
        json.set("format", format.map(JSONValue.string))
        json.set("pattern", pattern.map(JSONValue.string))
        json.set("minLength", length.map { .integer($0.lowerBound) })
        json.set("maxLength", length.map { .integer($0.upperBound) })
        json.set("description", description.map(JSONValue.string))
        return Schema(json)
    }

    package static func integer(_ range: ClosedRange<Int>, _ description: String? = nil) -> Schema {
        var json: JSONValue = [
            "type": "integer", "format": "int64", "minimum": .integer(range.lowerBound),
        ]
        // 2^63 − 1 has no exact form in the floating point numbers of many readers.
        if range.upperBound < .max { json.set("maximum", .integer(range.upperBound)) }
        json.set("description", description.map(JSONValue.string))
        return Schema(json)
    }

    package static func boolean(_ description: String? = nil) -> Schema {
        var json: JSONValue = ["type": "boolean"]
        json.set("description", description.map(JSONValue.string))
        return Schema(json)
    }

    package static func oneOf(_ words: [String], _ description: String? = nil) -> Schema {
        var json: JSONValue = ["type": "string", "enum": .array(words.map(JSONValue.string))]
        json.set("description", description.map(JSONValue.string))
        return Schema(json)
    }

    package static func array(of element: Schema, count: ClosedRange<Int>? = nil, _ description: String? = nil)
        -> Schema
    {
        var json: JSONValue = ["type": "array", "items": element.json]
        json.set("minItems", count.map { .integer($0.lowerBound) })
        json.set("maxItems", count.map { .integer($0.upperBound) })
        json.set("description", description.map(JSONValue.string))
        return Schema(json)
    }

    /// An object whose members all have values of one kind.
    package static func dictionary(of value: Schema, _ description: String) -> Schema {
        Schema(["type": "object", "additionalProperties": value.json, "description": .string(description)])
    }

    /// Bytes that are not JSON.
    package static let bytes = Schema(["type": "string", "format": "binary"])

    package static func reference(_ component: Component) -> Schema {
        Schema(["$ref": .string("#/components/schemas/\(component.rawValue)")])
    }

    /// An object that the server sends: more members may be added to it.
    package static func answer(_ properties: Property...) -> Schema { object(properties) }

    /// An object that a client sends: no other member is accepted.
    package static func request(_ properties: Property...) -> Schema {
        var properties = properties
        for index in properties.indices where !properties[index].isRequired {
            properties[index].schema = properties[index].schema.orNull
        }
        var schema = object(properties)
        schema.json.set("additionalProperties", false)
        return schema
    }

    private static func object(_ properties: [Property]) -> Schema {
        var json: JSONValue = ["type": "object"]
        json.set("properties", .object(Dictionary(properties.map { ($0.name, $0.schema.json) }) { $1 }))
        let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
        if !required.isEmpty { json.set("required", .array(required)) }
        return Schema(json)
    }

    /// The same, and `null`, which a request may write for a member that is absent.
    private var orNull: Schema {
        var schema = self
        if let type = json["type"] { schema.json.set("type", [type, "null"]) }
        if case .array(let words)? = json["enum"] { schema.json.set("enum", .array(words + [.null])) }
        return schema
    }
}

/// A member of an object.
package struct Property: Sendable {
    var name: String
    var schema: Schema
    var isRequired: Bool

    package static func required(_ name: String, _ schema: Schema) -> Property {
        Property(name: name, schema: schema, isRequired: true)
    }

    package static func optional(_ name: String, _ schema: Schema) -> Property {
        Property(name: name, schema: schema, isRequired: false)
    }
}
