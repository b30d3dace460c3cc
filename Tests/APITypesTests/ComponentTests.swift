// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Testing
import VaultModel

/// The schemas against the bodies that they describe.
struct ComponentTests {
    @Test(arguments: BodySample.all)
    func aFullBodyHasExactlyTheMembersOfItsSchema(sample: BodySample) throws {
        let properties = try #require(sample.component.schema.json["properties"])
        #expect(try members(of: sample.full) == properties.names)
    }

    @Test(arguments: BodySample.all)
    func aBareBodyHasExactlyTheMembersThatAreRequired(sample: BodySample) throws {
        var required: Set<String> = []
        if case .array(let names)? = sample.component.schema.json["required"] {
            for case .string(let name) in names { required.insert(name) }
        }
        #expect(try members(of: sample.bare) == required)
    }

    @Test func everyComponentHasASample() {
        #expect(Set(BodySample.all.map(\.component)) == Set(Component.allCases))
    }

    @Test(arguments: BodySample.all.filter { $0.component.schema.json["additionalProperties"] == false })
    func aRequestMayWriteNullForWhatItLeavesOut(sample: BodySample) throws {
        let properties = try #require(sample.component.schema.json["properties"])
        let required = try members(of: sample.bare)
        for name in properties.names {
            let isNullable = properties[name]?["type"].map { type in
                guard case .array(let types) = type else { return false }
                return types.contains("null")
            }
            #expect(isNullable == !required.contains(name))
        }
    }

    private func members(of body: any Encodable & Sendable) throws -> Set<String> {
        let object = try JSONSerialization.jsonObject(with: JSONEncoder().encode(body))
        return Set(try #require(object as? [String: Any]).keys)
    }
}
