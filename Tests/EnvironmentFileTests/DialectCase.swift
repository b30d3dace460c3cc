// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// A case of `Tests/Vectors/dotenv/cases.jsonl`: a file, and what must be made of it.
struct DialectCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Warning: Decodable {
        let line: Int
        let code: String
    }

    let name: String
    let input: String
    /// The file where it is not UTF-8; `input` is then only for the eye.
    let inputBase64: String?
    let expect: [String: String]?
    let warnings: [Warning]?
    let errorLine: Int?
    let errorCode: String?

    enum CodingKeys: String, CodingKey {
        case name, input, expect, warnings
        case inputBase64 = "input_b64"
        case errorLine = "error_line"
        case errorCode = "error_code"
    }

    var testDescription: String { name }

    var bytes: [UInt8] { inputBase64.flatMap { Data(base64Encoded: $0) }.map { [UInt8]($0) } ?? Array(input.utf8) }

    /// `line CODE` of everything that must be said, sorted.
    var places: [String] {
        var places = (warnings ?? []).map { "\($0.line) \($0.code)" }
        if let errorLine, let errorCode { places.append("\(errorLine) \(errorCode)") }
        return places.sorted()
    }

    static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Vectors/dotenv/cases.jsonl")

    /// Every line of the file that can be read; a test holds their number.
    static let all: [Self] = {
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Self.self, from: Data($0.utf8)) }
    }()

    static let withoutErrors = all.filter { $0.errorCode == nil }
}
