// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOFoundationCompat

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// Reads JSON bodies: one object, only known fields, each once, of bounded size and depth.
enum StrictJSON {
    /// A value of 131,071 bytes in which every byte is escaped, and room for the rest.
    static let maximumBytes = (1 << 20) + (64 << 10)

    static func decode<Body: APITypes.RequestBody>(_ bytes: [UInt8], as type: Body.Type) throws -> Body {
        switch JSONShape(of: bytes) {
        case .fine: break
        case .tooDeep:
            throw APIFailure(.invalidJSON, "the body is nested deeper than \(JSONShape.maximumDepth) levels")
        case .repeated(let name):
            throw APIFailure(
                .invalidJSON,
                "a field is there more than once",
                hint: "send each field of an object once",
                field: String(name.prefix(64))
            )
        }
        let data = Data(bytes)
        let decoder = JSONDecoder()
        do {
            let fields = try decoder.decode(FieldNames.self, from: data).names
            let known = Set(Body.CodingKeys.allCases.map(\.stringValue))
            if let unknown = fields.first(where: { !known.contains($0) }) {
                throw APIFailure(
                    .invalidField,
                    "unknown field",
                    hint: "the fields are \(known.sorted().joined(separator: ", "))",
                    field: String(unknown.prefix(64))
                )
            }
            return try decoder.decode(type, from: data)
        } catch let error as DecodingError {
            throw APIFailure(error)
        }
    }
}

/// The names of an object's fields, whatever they hold.
private struct FieldNames: Decodable {
    let names: [String]

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init?(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        names = try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue)
    }
}

extension APIFailure {
    /// Names the field, and never what was in it.
    fileprivate init(_ error: DecodingError) {
        func path(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
        }
        switch error {
        case .keyNotFound(let key, _):
            self.init(.invalidField, "a required field is missing", field: key.stringValue)
        case .typeMismatch(_, let context) where context.codingPath.isEmpty:
            self.init(.invalidJSON, "the body is not a JSON object")
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            self.init(.invalidField, "the field has the wrong type", field: path(context))
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            self.init(.invalidJSON, "the body is not JSON")
        case .dataCorrupted(let context):
            self.init(.invalidField, "the field's value is not one that is allowed", field: path(context))
        @unknown default:
            self.init(.invalidJSON, "the body is not JSON")
        }
    }
}
