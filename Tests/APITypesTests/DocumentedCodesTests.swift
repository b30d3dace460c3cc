// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Testing

/// The pages against the code.
struct DocumentedCodesTests {
    private func page(_ name: String, file: String = #filePath) throws -> String {
        let root = URL(fileURLWithPath: file).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent("docs/\(name)"), encoding: .utf8)
    }

    @Test(arguments: ErrorCode.allCases)
    func everyCodeIsExplainedWithItsStatus(code: ErrorCode) throws {
        #expect(try page("formats/errors.md").contains("| `\(code.rawValue)` | \(code.status) |"))
    }

    @Test(arguments: Endpoint.all.map(\.operation))
    func everyEndpointIsOnThePageOfTheAPI(operation: APITypes.Operation) throws {
        let endpoint = try #require(Endpoint.all.first { $0.operation == operation })
        let path = endpoint.path.hasPrefix("/api/v1") ? String(endpoint.path.dropFirst("/api/v1".count)) : endpoint.path
        #expect(try page("api.md").contains("`\(endpoint.method.rawValue) \(path)`"))
    }
}
