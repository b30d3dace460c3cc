// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Testing

struct OpenAPIDocumentTests {
    private let document = OpenAPIDocument.json

    @Test func thePathsAreThoseOfTheTableBothWays() throws {
        let paths = try #require(document["paths"])
        #expect(paths.names == Set(Endpoint.all.map(\.path)))
        for path in paths.names {
            let methods = Set(Endpoint.all.filter { $0.path == path }.map { $0.method.rawValue.lowercased() })
            #expect(paths[path]?.names == methods)
        }
    }

    @Test(arguments: Endpoint.all.map(\.operation))
    func everyStatusOfAnEndpointIsDescribed(operation: APITypes.Operation) throws {
        let endpoint = try #require(Endpoint.all.first { $0.operation == operation })
        let item = try #require(document["paths"]?[endpoint.path]?[endpoint.method.rawValue.lowercased()])
        var statuses = Set(endpoint.errors.map { String($0.status) })
        statuses.insert(String(endpoint.answer.status))
        if let other = endpoint.answer.otherStatus { statuses.insert(String(other)) }
        #expect(item["responses"]?.names == statuses)
        #expect(item["operationId"] == .string(operation.rawValue))
    }

    @Test func everyReferenceLeadsSomewhere() throws {
        let text = String(decoding: try JSONEncoder().encode(document), as: UTF8.self).replacing("\\/", with: "/")
        let references = text.matches(of: #/"\$ref":"#/components/(\w+)/([\w-]+)"/#)
        #expect(!references.isEmpty)
        for reference in references {
            let kind = String(reference.output.1)
            let name = String(reference.output.2)
            #expect(document["components"]?[kind]?[name] != nil, "nothing at \(kind)/\(name)")
        }
    }

    @Test(arguments: Component.allCases)
    func everyComponentIsUsed(component: Component) throws {
        let text = String(decoding: try JSONEncoder().encode(document), as: UTF8.self).replacing("\\/", with: "/")
        #expect(text.contains("\"#/components/schemas/\(component.rawValue)\""))
    }

    @Test func everySegmentThatIsChosenIsAParameterOfThePath() throws {
        let detach = try #require(document["paths"]?["/api/v1/agents/{id}/secrets/{secretId}"]?["delete"])
        guard case .array(let parameters)? = detach["parameters"] else {
            Issue.record("there are no parameters")
            return
        }
        let names = parameters.filter { $0["in"] == "path" }.map { $0["name"] }
        #expect(names == ["id", "secretId"])
    }
}
