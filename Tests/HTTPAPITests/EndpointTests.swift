// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPAPI
import HTTPTypes
import Logging
import TestSupport
import Testing
import VaultCore
import VaultModel

/// What is served is what is described, both ways.
struct EndpointTests {
    private func routes(of listener: Listener) async throws -> Set<String> {
        let test = try await TestVault.make()
        let surface = HTTPSurface(
            vault: test.vault,
            backups: test.backups,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return Set(surface.dispatcher(for: listener).routes.map { "\($0.method.rawValue) \($0.template)" })
    }

    @Test(arguments: Listener.allCases)
    func aListenerServesTheEndpointsThatAreDescribedForItAndNoOthers(listener: Listener) async throws {
        let described = Endpoint.all.filter { $0.listeners.contains(listener) }
        #expect(try await routes(of: listener) == Set(described.map { "\($0.method.rawValue) \($0.path)" }))
    }

    @Test(arguments: Endpoint.all.filter { $0.access == .workspace || $0.access == .gateway }.map(\.operation))
    func nobodyIsToldToShowAToken(operation: Operation) async throws {
        let endpoint = try #require(Endpoint.all.first { $0.operation == operation })
        try await APISession.run(endpoint.listeners.contains(.tcp) ? .tcp : .operatorSocket) { api async throws in
            let path = endpoint.path.replacing("{id}", with: "x").replacing("{secretId}", with: "y")
            let method = try #require(HTTPRequest.Method(endpoint.method.rawValue))
            let headers = ["Attache-Instance": "one", "Attache-Start": "start-0001"]
            let answer = try await api.send(method, path, headers: headers, as: .nobody)
            #expect(answer.code == .tokenMissing)
        }
    }

    @Test func theDescriptionIsServedToAnybody() async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.get, "/openapi.json", as: .nobody)
            #expect(answer.status == 200)
            #expect(answer.text.contains("\"openapi\":\"3.1.0\""))
        }
    }
}
