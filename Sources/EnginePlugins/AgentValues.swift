// SPDX-License-Identifier: Apache-2.0

package import APIClient
package import VaultModel

/// What one agent has attached, by name, for as long as it takes to hand a part of it on.
///
/// It comes the way a shell of the agent gets it: the server decides who may ask, records it, and sends what is attached
/// to that agent and nothing else.
package struct AgentValues: Sendable {
    /// `NAME=value\0` once for each.
    private let environment: SharedSecret
    private let places: [String: Range<Int>]

    package init(of agent: String, for asker: String, from server: APIClient) async throws(APIClientError) {
        self.init(try await server.environment(of: agent, for: asker))
    }

    package init(_ environment: SharedSecret) {
        self.environment = environment
        places = environment.bytes.withBytes { bytes in
            var places: [String: Range<Int>] = [:]
            var start = 0
            while start < bytes.count {
                let end = bytes[start...].firstIndex(of: 0) ?? bytes.count
                if let sign = bytes[start..<end].firstIndex(of: UInt8(ascii: "=")) {
                    places[String(decoding: bytes[start..<sign], as: UTF8.self)] = (sign + 1)..<end
                }
                start = end + 1
            }
            return places
        }
    }

    /// Those of an agent that has nothing.
    package static var none: AgentValues { AgentValues(SharedSecret(copying: [])) }

    /// The names, sorted.
    package var names: [String] { places.keys.sorted() }

    /// Lends the value of that name for the length of `body`; nil where the agent has none.
    package func withValue<Result, Failure: Error>(
        _ name: String,
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let place = places[name] else { return nil }
        return try environment.bytes.withBytes { bytes throws(Failure) in
            try body(UnsafeRawBufferPointer(rebasing: bytes[place]))
        }
    }
}
