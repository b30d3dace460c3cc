// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What docker compose runs for a provider service, with the command lines that it uses.
struct ComposeProviderTests {
    private let server: RunningServer
    private let program: String

    init() async throws {
        server = try await RunningServer.start()
        program = server.directory.appending("attache-provider")
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: Programs.attache)
        _ = try await server.attache("secrets", "create", "DATABASE_URL", input: Array("s3cret-url".utf8))
        _ = try await server.attache("secrets", "create", "TOKEN", input: Array("s3cret-token".utf8))
    }

    private func compose(_ arguments: String...) async throws -> CommandResult {
        try await run(
            program,
            ["compose"] + arguments,
            environment: ["ATTACHE_SOCKET": server.socket, "PATH": "/usr/bin:/bin"]
        )
    }

    /// The messages, `TYPE MESSAGE` each.
    private func messages(_ result: CommandResult) throws -> [String] {
        try result.output.split(separator: "\n").map { line in
            let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            return "\(object["type"] ?? "") \(object["message"] ?? "")"
        }
    }

    @Test func itSaysWhichOptionsItHas() async throws {
        let result = try await compose("metadata")
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        let calls = try #require(object)
        let parameters = try #require((calls["up"] as? [String: Any])?["parameters"] as? [[String: Any]])
        #expect(parameters.compactMap { $0["name"] as? String } == ["agent", "workspace", "secrets", "raw"])
        #expect(calls["down"] != nil && calls["stop"] != nil)
    }

    @Test func upMakesTheAgentAndSaysItsNameAlone() async throws {
        let arguments = [
            "--project-name=shop", "up", "--agent=web", "--secrets=DATABASE_URL", "--secrets=TOKEN", "attache",
        ]
        let result = try await run(
            program,
            ["compose"] + arguments,
            environment: ["ATTACHE_SOCKET": server.socket, "PATH": "/usr/bin:/bin"]
        )
        #expect(result.status == 0, "\(result.output)")
        #expect(try messages(result) == ["info made the agent web with DATABASE_URL, TOKEN", "setenv AGENT=web"])
        #expect(try await server.attache("agents", "show", "web").output.contains("DATABASE_URL"))
        let again = try await compose("--project-name=shop", "up", "--agent=web", "--secrets=TOKEN", "attache")
        #expect(try messages(again) == ["setenv AGENT=web"])
        #expect(!(result.output + result.errors).contains("s3cret"))
        #expect(!(result.output + result.errors).contains("gwt_"))
    }

    @Test func upAttachesWhatTheAgentLacks() async throws {
        _ = try await server.createAgent("web", with: ["TOKEN"])
        let result = try await compose(
            "--project-name=shop",
            "up",
            "--agent=web",
            "--secrets=TOKEN, DATABASE_URL",
            "attache"
        )
        #expect(try messages(result) == ["info attached DATABASE_URL to web", "setenv AGENT=web"])
    }

    @Test func withoutANameTheAgentIsTheProjects() async throws {
        let result = try await compose("--project-name=shop", "up", "attache")
        #expect(try messages(result) == ["info made the agent shop-attache", "setenv AGENT=shop-attache"])
    }

    @Test func withRawTheVariableHasItsOwnName() async throws {
        let result = try await compose("--project-name=shop", "up", "--agent=web", "--raw=true", "vault")
        #expect(try messages(result).last == "rawsetenv ATTACHE_AGENT=web")
    }

    @Test(arguments: [
        (["--project-name=shop", "up", "--agent=web", "vault"], "ATTACHE_AGENT"),
        (["--project-name=shop", "up", "--agent=web", "--secrets=NONE", "attache"], "NONE"),
        (["--project-name=shop", "up", "--nonsense=1", "attache"], "nonsense"),
        (["--project-name=shop", "up"], "service"), (["nonsense"], "nonsense"),
    ])
    func whatIsWrongIsAnErrorOfCompose(arguments: [String], text: String) async throws {
        let result = try await run(
            program,
            ["compose"] + arguments,
            environment: ["ATTACHE_SOCKET": server.socket, "PATH": "/usr/bin:/bin"]
        )
        #expect(result.status != 0)
        let told = try messages(result)
        #expect(told.count == 1)
        #expect(told.first?.hasPrefix("error ") == true)
        #expect(told.first?.contains(text) == true, "\(told)")
        #expect(try await server.attache("agents", "show", "web").status == 1)
    }

    @Test func aConflictIsAnErrorOfComposeAndChangesNothing() async throws {
        for name in ["FIRST_KEY", "SECOND_KEY"] {
            let made = try await server.attache(
                "secrets",
                "create",
                name,
                "--provider",
                "openai",
                input: Array("sk-\(name)".utf8)
            )
            #expect(made.status == 0, "\(made.errors)")
        }
        _ = try await server.createAgent("web", with: ["FIRST_KEY"])
        let result = try await compose(
            "--project-name=shop",
            "up",
            "--agent=web",
            "--secrets=TOKEN",
            "--secrets=SECOND_KEY",
            "attache"
        )
        #expect(result.status == 1)
        let told = try messages(result)
        #expect(told.count == 1)
        #expect(told.first?.hasPrefix("error ") == true && told.first?.contains("SECOND_KEY") == true, "\(told)")
        let shown = try await server.attache("agents", "show", "web").output
        #expect(shown.contains("FIRST_KEY") && !shown.contains("TOKEN") && !shown.contains("SECOND_KEY"))
    }

    @Test func downRemovesTheAgentOnlyWhereItIsToldTo() async throws {
        _ = try await compose("--project-name=shop", "up", "--agent=web", "attache")
        #expect(try await compose("--project-name=shop", "stop", "attache").output == "")
        let left = try await compose("--project-name=shop", "down", "--agent=web", "attache")
        #expect(left.status == 0 && left.output == "")
        #expect(try await server.attache("agents", "show", "web").status == 0)
        let removed = try await compose("--project-name=shop", "down", "--agent=web", "--remove=true", "attache")
        #expect(try messages(removed) == ["info removed the agent web"])
        #expect(try await server.attache("agents", "show", "web").status == 1)
        let again = try await compose("--project-name=shop", "down", "--agent=web", "--remove=true", "attache")
        #expect(again.status == 0)
    }

    @Test func withoutAServerComposeIsToldWhy() async throws {
        server.signal(SIGKILL)
        _ = await server.waitForExit()
        let result = try await compose("--project-name=shop", "up", "--agent=web", "attache")
        #expect(result.status != 0)
        #expect(try messages(result).first?.hasPrefix("error no server at ") == true)
    }
}
