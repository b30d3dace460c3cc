// SPDX-License-Identifier: Apache-2.0

import EnginePlugins
import Testing
import VaultModel

struct AgentValuesTests {
    private func value(_ name: String, in text: String) -> String? {
        AgentValues(SharedSecret(copying: Array(text.utf8))).withValue(name) { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [("A", "1"), ("B", "x=y"), ("C", ""), ("D", nil), ("", nil)])
    func eachValueIsFoundByItsWholeName(name: String, expected: String?) {
        #expect(value(name, in: "A=1\0B=x=y\0C=\0") == expected)
    }

    @Test func namesAreSorted() {
        #expect(AgentValues(SharedSecret(copying: Array("B=1\0A=2\0".utf8))).names == ["A", "B"])
        #expect(AgentValues(SharedSecret(copying: [])).names.isEmpty)
    }
}
