// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing
import VaultModel

struct WholePathTests {
    /// A file as people have them: a PEM key, a password with `$` and `#`, an empty value, unicode.
    private static let file = """
        # settings
        PRIVATE_PEM="-----BEGIN PRIVATE KEY-----
        MIIEvQIBADANBgkqhkiG9w0BAQEFAASC
        -----END PRIVATE KEY-----"
        DATABASE_URL=postgres://app:p$a#ss@db.internal/app
        EMPTY_SECRET=
        GREETING='Grüße, 世界 🌍'
        REGION=eu-west-3

        """

    @Test func aSavedFileReachesExactlyTheProcessesThatItWasAttachedTo() async throws {
        let server = try await RunningServer.start()
        let file = server.directory.appending(".env")
        try Data(Self.file.utf8).write(to: URL(fileURLWithPath: file))
        let imported = try await server.attache("secrets", "import", file, "--allow-empty")
        #expect(imported.status == 0, "\(imported.errors)")

        let first = try await server.createAgent("first", with: ["PRIVATE_PEM", "EMPTY_SECRET", "GREETING"])
        let second = try await server.createAgent("second", with: ["DATABASE_URL", "REGION"])
        let one = try await server.environment(of: first)
        let two = try await server.environment(of: second)
        #expect(
            one == [
                "EMPTY_SECRET": "",
                "GREETING": "Grüße, 世界 🌍",
                "PRIVATE_PEM":
                    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----",
            ]
        )
        #expect(two == ["DATABASE_URL": "postgres://app:p$a#ss@db.internal/app", "REGION": "eu-west-3"])

        let updated = try await server.attache("secrets", "update", "REGION", input: Array("us-east-1".utf8))
        #expect(updated.status == 0, "\(updated.errors)")
        #expect(try await server.states(of: "second")["REGION"] == "stale")
        #expect(try await server.environment(of: second)["REGION"] == "us-east-1")
        #expect(try await server.states(of: "second") == ["DATABASE_URL": "synced", "REGION": "synced"])
    }

    @Test func aSessionRunsACommandAsAnAgentAndIsNoInstance() async throws {
        let server = try await RunningServer.start()
        #expect(try await server.attache("secrets", "create", "TOKEN", input: Array("v-1".utf8)).status == 0)
        _ = try await server.createAgent("bot", with: ["TOKEN"])
        let result = try await server.attache(
            "exec",
            "bot",
            "--",
            "/bin/sh",
            "-c",
            "printf %s \"$TOKEN\"; env | grep -c ATTACHE_; exit 7"
        )
        #expect(result.output == "v-10\n")
        #expect(result.status == 7)
        #expect(try await server.states(of: "bot") == ["TOKEN": "not_delivered"])
    }

    @Test func aWorkspaceKeyDoesOverTCPWhatTheOperatorDoes() async throws {
        let server = try await RunningServer.start()
        let key = try #require(server.workspaceKey)
        let variables = ["ATTACHE_ADDRESS": "http://\(server.address)", "ATTACHE_API_KEY": key]
        let listed = try await run(Programs.attache, ["secrets", "list", "--json"], environment: variables)
        #expect(listed.status == 0, "\(listed.errors)")
        #expect(try listed.json(SecretPage.self).secrets.isEmpty)
        let wrong = try await run(
            Programs.attache,
            ["secrets", "list", "--json"],
            environment: [
                "ATTACHE_ADDRESS": "http://\(server.address)",
                "ATTACHE_API_KEY": String(key.dropLast()) + (key.last == "x" ? "y" : "x"),
            ]
        )
        #expect(wrong.status == 1)
        let error = try JSONDecoder().decode(ErrorBody.self, from: Data(wrong.stderr))
        #expect(error.code == .tokenUnknown)
        #expect(!wrong.errors.contains(key.dropLast(6)))
    }

    @Test(arguments: [("", ["alpha", "beta"]), ("al", ["alpha"]), ("x", [])])
    func aShellIsToldTheNamesOfAgents(prefix: String, expected: [String]) async throws {
        let server = try await RunningServer.start()
        for name in ["alpha", "beta"] { _ = try await server.createAgent(name) }
        // As the generated scripts ask: the command, the argument, the word's place, and the words.
        let result = try await server.attache(
            ["---completion", "exec", "--", "positional@0", "2", "\(prefix.count)", "attache", "exec", prefix],
            environment: ["SAP_SHELL": "bash", "SAP_SHELL_VERSION": "5"]
        )
        #expect(result.errors == "")
        #expect(result.output.split(separator: "\n").map(String.init).sorted() == expected)
        #expect(result.status == 0)
        let away = try await run(
            Programs.attache,
            ["---completion", "exec", "--", "positional@0", "2", "0", "attache", "exec", ""],
            environment: ["ATTACHE_SOCKET": server.directory.appending("none"), "SAP_SHELL": "bash"]
        )
        #expect(away.status == 0)
        #expect(away.output.split(separator: "\n").isEmpty)
        #expect(away.errors == "")
    }

    @Test func aLoginFromElsewhereRunsACommandByItsAddress() async throws {
        let server = try await RunningServer.start()
        let key = try #require(server.workspaceKey)
        #expect(try await server.attache("secrets", "create", "TOKEN", input: Array("v-1".utf8)).status == 0)
        _ = try await server.createAgent("bot", with: ["TOKEN"])
        let result = try await run(
            Programs.attache,
            ["exec", "bot", "--", "/bin/sh", "-c", "printf %s \"$TOKEN\""],
            environment: ["ATTACHE_ADDRESS": "http://\(server.address)", "ATTACHE_API_KEY": key]
        )
        #expect(result.errors == "")
        #expect(result.output == "v-1")
    }

    @Test func aStartOverTCPOnTheSameMachineIsAStart() async throws {
        let server = try await RunningServer.start()
        #expect(try await server.attache("secrets", "create", "TOKEN", input: Array("v-1".utf8)).status == 0)
        let token = try await server.createAgent("bot", with: ["TOKEN"])
        let result = try await server.exec(
            token: token,
            ["/bin/sh", "-c", "printf %s \"$TOKEN\""],
            environment: ["ATTACHE_ADDRESS": "http://\(server.address)"]
        )
        #expect(result.errors == "")
        #expect(result.output == "v-1")
        #expect(try await server.states(of: "bot") == ["TOKEN": "synced"])
    }

    @Test func aServerThatIsToldToStopFinishesAndEndsWithZero() async throws {
        let server = try await RunningServer.start()
        server.signal(SIGTERM)
        #expect(await server.waitForExit() == 0)
        #expect(!FileManager.default.fileExists(atPath: server.socket))
    }

    @Test func entriesAreRenamedTogetherAndTheNextStartHasTheNewNames() async throws {
        let server = try await RunningServer.start()
        let token = try await server.agentWithToken()
        #expect(try await server.puts("OTHER"))
        let swapped = try await server.attache("secrets", "rename", "API_TOKEN=OTHER", "OTHER=API_TOKEN")
        #expect(swapped.output == "renamed API_TOKEN to OTHER\nrenamed OTHER to API_TOKEN\n", "\(swapped.errors)")
        #expect(try await server.environment(of: token)["OTHER"] == "the value")

        let refused = try await server.attache("secrets", "rename", "OTHER=FREE", "API_TOKEN=LD_PRELOAD", "--json")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("invalid_name"))
        #expect(try await server.entryNames() == ["API_TOKEN", "OTHER"])
        let unreadable = try await server.attache("secrets", "rename", "OTHER")
        #expect(unreadable.status == 2)
    }
}

extension RunningServer {
    /// Makes an agent and returns its gateway token.
    func createAgent(_ name: String, with secrets: [String] = []) async throws -> String {
        var arguments = ["agents", "create", name, "--json"]
        for secret in secrets { arguments += ["--secret", secret] }
        let result = try await attache(arguments)
        try #require(result.status == 0, "\(result.errors)")
        return try #require(try result.json(AgentBody.self).gatewayToken)
    }

    /// What a process under `attache-exec` that inherits nothing finds in its environment, read as bytes.
    func environment(of token: String) async throws -> [String: String] {
        let result = try await exec(token: token, ["/bin/cat", "/proc/self/environ"], environment: ["PATH": ""])
        try #require(result.status == 0, "\(result.errors)")
        var variables: [String: String] = [:]
        for string in result.stdout.split(separator: 0) {
            let text = String(decoding: string, as: UTF8.self)
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = String(parts[1])
        }
        variables["PATH"] = nil
        return variables
    }

    func states(of agent: String) async throws -> [String: String] {
        let body = try await attache("agents", "show", agent, "--json").json(AgentBody.self)
        return Dictionary(uniqueKeysWithValues: (body.secrets ?? []).map { ($0.name, $0.state.rawValue) })
    }
}
