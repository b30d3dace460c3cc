// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPTypes
import TestSupport
import Testing

struct AuditTests {
    @Test func anExportHasEveryEntryWithItsBytesAndEndsWithALineThatSaysSo() async throws {
        try await APISession.run { api async throws in
            for number in 0..<1_200 { try await api.test.create("A\(number)", "1") }
            let checkpoint = try await api.send(.post, "/api/v1/audit/checkpoints").body(AuditCheckpointBody.self)
            let answer = try await api.send(.get, "/api/v1/audit/export")
            #expect(answer.header("Content-Type") == "application/x-ndjson")
            let lines = try answer.text.split(separator: "\n").map {
                try JSONDecoder().decode(AuditExportLine.self, from: Data($0.utf8))
            }
            let entries = lines.compactMap(\.entry)
            #expect(entries.map(\.sequence) == Array(1...Int64(entries.count)))
            #expect(lines.last?.type == .end)
            #expect(lines.last?.entries == Int64(entries.count))
            #expect(lines.compactMap(\.checkpoint) == [checkpoint.text])
            #expect(lines.filter { $0.type == .entry }.allSatisfy { $0.bytes?.isEmpty == false })

            let rest = try await api.send(.get, "/api/v1/audit/export?after=\(entries.count - 1)")
            #expect(rest.text.split(separator: "\n").count >= 2)
        }
    }

    @Test(arguments: [1_000_000, Int64.max])
    func anExportFromBehindTheEndIsEmpty(after: Int64) async throws {
        try await APISession.run { api async throws in
            let answer = try await api.send(.get, "/api/v1/audit/export?after=\(after)")
            let line = try JSONDecoder().decode(AuditExportLine.self, from: Data(answer.text.utf8))
            #expect(line.type == .end)
            #expect(line.entries == 0)
        }
    }

    @Test func aTrailIsHeldAgainstACheckpoint() async throws {
        try await APISession.run { api async throws in
            let made = try await api.send(.post, "/api/v1/audit/checkpoints").body(AuditCheckpointBody.self)
            let body = "{\"anchors\":[\"\(made.text)\"]}"
            let answer = try await api.send(.post, "/api/v1/audit/verify", json: body)
            #expect(try answer.body(AuditVerificationBody.self).anchors == 1)
            let listed = try await api.send(.get, "/api/v1/audit/checkpoints").body(AuditCheckpointPage.self)
            #expect(listed.checkpoints == [made])
            let wrong = try await api.send(.post, "/api/v1/audit/verify", json: "{\"anchors\":[\"atc1.x\"]}")
            #expect(wrong.code == .invalidField)
        }
    }

    @Test(arguments: ["since=yesterday", "result=maybe", "chain=mine", "until=1", "q=x"])
    func aFilterThatCannotBeReadIsRefused(query: String) async throws {
        try await APISession.run { api async throws in
            #expect(try await api.send(.get, "/api/v1/audit?\(query)").code == .invalidQuery)
        }
    }

    @Test func theSystemsTrailIsNotForAWorkspaceKey() async throws {
        try await APISession.run { api async throws in
            #expect(try await api.send(.get, "/api/v1/audit?chain=system").code == .invalidField)
            #expect(try await api.send(.get, "/api/v1/audit/export?chain=system").code == .invalidField)
        }
    }
}
