// SPDX-License-Identifier: Apache-2.0

/// A value that a request carries outside its body.
package struct Parameter: Sendable {
    package enum Place: String, Sendable {
        case query, header, path
    }

    package let name: String
    package let place: Place
    package let description: String
    package let schema: Schema
    package var isRequired = false
    /// Whether it may occur more than once.
    package var isRepeated = false

    /// The codes with which a wrong one is refused.
    var errors: Set<ErrorCode> {
        switch place {
        case .query: name == "cursor" ? [.invalidQuery, .invalidCursor] : [.invalidQuery]
        case .header: name == "Idempotency-Key" ? [.invalidField, .idempotencyKeyReused] : [.invalidField]
        case .path: [.notFound]
        }
    }

    static func query(_ name: String, _ schema: Schema, _ description: String) -> Parameter {
        Parameter(name: name, place: .query, description: description, schema: schema)
    }

    static func repeatedQuery(_ name: String, _ schema: Schema, _ description: String) -> Parameter {
        var parameter = query(name, .array(of: schema), description)
        parameter.isRepeated = true
        return parameter
    }

    static func header(
        _ name: String,
        _ schema: Schema,
        _ description: String,
        isRequired: Bool = false
    ) -> Parameter {
        Parameter(name: name, place: .header, description: description, schema: schema, isRequired: isRequired)
    }

    static func path(_ name: String) -> Parameter {
        Parameter(
            name: name,
            place: .path,
            description: "The id, or the name.",
            schema: .string(pattern: "^[^/\\u0000]+$", length: 1...384),
            isRequired: true
        )
    }
}

extension Parameter {
    static let limit = query("limit", .integer(1...500), "How many to list at most; 100 unless told.")
    static let cursor = query("cursor", .string(length: 1...64), "The `nextCursor` of the page before.")
    static let matching = query(
        "q",
        .string(pattern: "^[^\\u0000]*$", length: 0...128, "At most 128 bytes of UTF-8."),
        "Only names that contain this text, ignoring case."
    )
    static let page = [limit, cursor]

    static let idempotencyKey = header(
        "Idempotency-Key",
        .string(pattern: "^[!-~]+$", length: 1...255),
        "Makes the request one that acts once: a repetition within 24 hours gets the first answer."
    )
    static let ifMatch = header(
        "If-Match",
        .string(pattern: "^(\\*|\"[0-9]{1,18}\")$"),
        "The version that the change is made to, as the `ETag` had it, such as `\"3\"`."
    )
}
