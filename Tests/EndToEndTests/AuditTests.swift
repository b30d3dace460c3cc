// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// The audit trail through the built program.
struct AuditTests {
    @Test func theServersOwnLogAnchorsTheTrail() async throws {
        let server = try await RunningServer.start()
        _ = try await server.agentWithToken()
        server.signal(SIGTERM)
        #expect(await server.waitForExit() == 0)
        let log = server.directory.appending("server.log")
        try server.log.write(toFile: log, atomically: true, encoding: .utf8)

        let again = try await RunningServer.start(in: server.directory)
        let verified = try await again.attache("audit", "verify", "--anchor", log, "--json")
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(try verified.json(AuditVerificationBody.self).anchors >= 1)

        let nothing = try await again.attache("audit", "verify", "--anchor", "/dev/null")
        #expect(nothing.status == 2)
    }

    @Test func anExportIsWholeAndTheTrailShowsThatItWasMade() async throws {
        let server = try await RunningServer.start()
        _ = try await server.agentWithToken()
        let exported = try await server.attache("audit", "export")
        #expect(exported.status == 0, "\(exported.errors)")
        #expect(exported.output.split(separator: "\n").last?.contains("\"type\":\"end\"") == true)
        let listed = try await server.attache("audit", "list", "--action", "audit.view", "--json")
        #expect(try listed.json(AuditPage.self).entries.contains { $0.details["view"] == "export" })
    }
}
