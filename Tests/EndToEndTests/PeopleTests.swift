// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing
import VaultModel

/// People who log in, share a workspace and leave it, each with a home of their own.
struct PeopleTests {
    private static let password = "correct horse battery staple"

    /// Runs `attache` as somebody on another machine: no socket, a home, what `login` saved there.
    private func attache(
        _ server: RunningServer,
        home: String,
        _ arguments: String...,
        input: String = ""
    ) async throws -> CommandResult {
        let path = server.directory.appending(home)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return try await run(
            Programs.attache,
            arguments,
            environment: ["HOME": path, "PATH": "/usr/bin:/bin"],
            input: Array(input.utf8)
        )
    }

    private func file(_ text: String, named name: String, of server: RunningServer) throws -> String {
        let path = server.directory.appending(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func aTeamIsMadeAndSomebodyLeavesIt() async throws {
        let server = try await RunningServer.start()
        let url = "http://\(server.address)"
        let made = try await server.attache(
            "init",
            "--email",
            "ada@example.org",
            "--name",
            "Ada",
            input: Array(Self.password.utf8),
            environment: ["HOME": server.directory.appending("operator")]
        )
        #expect(made.status == 0, "\(made.errors)")
        let login = try await attache(
            server,
            home: "ada",
            "login",
            "--address",
            url,
            "--email",
            "Ada@example.org",
            input: Self.password
        )
        #expect(login.status == 0, "\(login.errors)")
        let config = server.directory.appending("ada/.config/attache/config.json")
        let mode = try FileManager.default.attributesOfItem(atPath: config)[.posixPermissions] as? Int
        #expect(mode == 0o600)

        #expect(try await attache(server, home: "ada", "workspaces", "create", "acme", "--use").status == 0)
        let invited = try await attache(
            server,
            home: "ada",
            "invitations",
            "create",
            "grace@example.org",
            "--role",
            "admin",
            "--json"
        )
        let invitation = try invited.json(InvitationBody.self)
        let token = try file(try #require(invitation.token), named: "token", of: server)
        let accepted = try await attache(
            server,
            home: "grace",
            "invitations",
            "accept",
            "--address",
            url,
            "--token-file",
            token,
            "--name",
            "Grace",
            input: "another long password\n"
        )
        #expect(accepted.status == 0, "\(accepted.errors)")
        let written = try await attache(server, home: "grace", "secrets", "create", "TOKEN", input: "v-1")
        #expect(written.status == 0, "\(written.errors)")
        #expect(try await attache(server, home: "ada", "secrets", "list").output.contains("TOKEN"))
        #expect(
            !(try await attache(server, home: "ada", "secrets", "list", "--workspace", "personal").output.contains(
                "TOKEN"
            ))
        )

        let removed = try await attache(server, home: "ada", "members", "remove", "grace@example.org", "--json")
        #expect(try removed.json(RemovedMemberBody.self).entries == 1)
        let refused = try await attache(server, home: "grace", "secrets", "list")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("no such workspace"))
        let used = try await attache(server, home: "grace", "workspaces", "use", "personal")
        #expect(used.status == 0, "\(used.errors)")
        #expect(try await attache(server, home: "grace", "secrets", "list").status == 0)

        #expect(try await attache(server, home: "grace", "logout").status == 0)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: server.directory.appending("grace/.config/attache/config.json")))
                .range(of: Data("ses_".utf8)) == nil
        )
    }

    @Test func aKeyLogsInAndAWrongOneDoesNot() async throws {
        let server = try await RunningServer.start()
        let url = "http://\(server.address)"
        let key = try #require(server.workspaceKey)
        let good = try await attache(server, home: "ci", "login", "--address", url, input: key)
        #expect(good.status == 0, "\(good.errors)")
        #expect(try await attache(server, home: "ci", "status").output.contains("owner"))
        let wrong = String(key.dropLast()) + (key.last == "a" ? "b" : "a")
        let bad = try await attache(server, home: "other", "login", "--address", url, input: wrong)
        #expect(bad.status == 1)
        #expect(!bad.errors.contains(wrong))
        #expect(
            !FileManager.default.fileExists(atPath: server.directory.appending("other/.config/attache/config.json"))
        )
    }

    @Test func whatOthersCanReadIsRefused() async throws {
        let server = try await RunningServer.start()
        let key = try #require(server.workspaceKey)
        let url = "http://\(server.address)"
        #expect(try await attache(server, home: "ci", "login", "--address", url, input: key).status == 0)
        let config = server.directory.appending("ci/.config/attache/config.json")
        chmod(config, 0o644)
        let refused = try await attache(server, home: "ci", "status")
        #expect(refused.status == 2)
        #expect(refused.errors.contains("chmod 600"))
    }

    @Test func aWrongPasswordIsOneAnswerForAllAndIsSlowedDown() async throws {
        let server = try await RunningServer.start()
        let url = "http://\(server.address)"
        var statuses: [Int32] = []
        for _ in 0..<6 {
            let result = try await attache(
                server,
                home: "x",
                "login",
                "--address",
                url,
                "--email",
                "nobody@example.org",
                input: "wrong horse battery"
            )
            statuses.append(result.status)
        }
        #expect(statuses.prefix(5) == [1, 1, 1, 1, 1])
        // The sixth came within the second of the first wait, unless the machine took longer for it.
        #expect(statuses[5] == 75 || statuses[5] == 1)
    }
}
