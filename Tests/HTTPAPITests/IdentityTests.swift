// SPDX-License-Identifier: Apache-2.0

import APITypes
import CKernel
import Foundation
import TestSupport
import Testing
import VaultCore

/// Who the peer of a Unix socket is taken for.
struct IdentityTests {
    private func get(_ path: String, _ headers: String = "") -> String {
        "GET \(path) HTTP/1.1\r\nHost: attache\r\nConnection: close\r\n\(headers)\r\n"
    }

    @Test func theServersOwnUserIsTheOperatorWithoutAToken() async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let answer = try await exchange(get("/api/v1/secrets"), at: path)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
        }
    }

    @Test func theOperatorsActsAreRecordedAsTheOperators() async throws {
        try await withServedSocket(.operatorSocket) { test, path async throws in
            let body = "{\"name\":\"bot\"}"
            let request = """
                POST /api/v1/agents HTTP/1.1\r\nHost: attache\r\nConnection: close\r\n\
                Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)
                """
            #expect(try await exchange(request, at: path).hasPrefix("HTTP/1.1 201 "))
            let trail = try await test.vault.audit(.init(limit: 1), by: test.localOperator)
            #expect(trail.entries.map(\.actor) == ["operator:\(getuid())"])
        }
    }

    @Test(arguments: ["Bearer nonsense", "Basic dXNlcjpwYXNz", "Bearer"])
    func aTokenThatIsSentDecidesOnTheOperatorsSocketToo(value: String) async throws {
        try await withServedSocket(.operatorSocket) { _, path async throws in
            let answer = try await exchange(get("/api/v1/secrets", "Authorization: \(value)\r\n"), at: path)
            #expect(answer.hasPrefix("HTTP/1.1 401 "))
        }
    }

    @Test func twoTokensAreNone() async throws {
        try await withServedSocket(.operatorSocket) { test, path async throws in
            let header = "Authorization: Bearer \(test.workspaceKey)\r\n"
            #expect(try await exchange(get("/api/v1/secrets", header), at: path).hasPrefix("HTTP/1.1 200 "))
            #expect(try await exchange(get("/api/v1/secrets", header + header), at: path).hasPrefix("HTTP/1.1 401 "))
        }
    }

    @Test func nobodyIsTheOperatorOnTheAgentsSocket() async throws {
        try await withServedSocket(.agentSocket) { _, path async throws in
            #expect(try await exchange(get("/api/v1/secrets"), at: path).hasPrefix("HTTP/1.1 404 "))
            let start = """
                POST /api/v1/starts HTTP/1.1\r\nHost: attache\r\nConnection: close\r\nContent-Length: 0\r\n\
                Attache-Instance: one\r\nAttache-Start: start-0001\r\n\r\n
                """
            let answer = try await exchange(start, at: path)
            #expect(answer.hasPrefix("HTTP/1.1 401 "))
            #expect(answer.contains("Attache-Error: token_missing\r\n"))
        }
    }

    @Test func aProcessSharesItsOwnNamespaces() {
        #expect(ckernel_peer_shares_namespaces(getpid()) == 1)
    }

    @Test(arguments: [0, -1, Int32.max])
    func aProcessThatIsNotThereSharesNone(pid: Int32) {
        #expect(ckernel_peer_shares_namespaces(pid) == 0)
    }

    @Test(.enabled(if: getuid() == 0), arguments: ["--user", "--mount"])
    func aProcessInANamespaceOfItsOwnSharesNone(namespace: String) throws {
        let input = try closedOnExecPipe()
        let pid = try spawn(
            "/usr/bin/unshare",
            [namespace, "/bin/cat"].map { Array($0.utf8) },
            environment: [],
            streams: [input.reading, nil]
        )
        defer {
            kill(pid, SIGKILL)
            _ = try? Ending(of: pid)
            for end in [input.reading, input.writing] { close(end) }
        }
        // It shares them until it has left, and would for good if the check saw no difference.
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline, ckernel_peer_shares_namespaces(pid) == 1 { sched_yield() }
        #expect(ckernel_peer_shares_namespaces(pid) == 0)
        // One that has ended would share none either.
        #expect(waitpid(pid, nil, WNOHANG) == 0)
    }
}
