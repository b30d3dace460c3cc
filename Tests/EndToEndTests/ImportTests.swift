// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing
import VaultModel

struct ImportTests {
    private static let bundle = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Vectors/archives/bundle.zip").path

    private func names(_ server: RunningServer) async throws -> [String] {
        try await server.attache("secrets", "list", "--json").json(SecretPage.self).secrets.map(\.name)
    }

    @Test func anArchiveIsPlannedMergedAttachedAndDelivered() async throws {
        let server = try await RunningServer.start()
        let token = try await server.createAgent("bot")
        let refused = try await server.attache("secrets", "import", Self.bundle, "--dry-run")
        #expect(refused.status == 1)
        #expect(refused.output.contains("api/.env.production:\n"))
        #expect(refused.errors.contains("  LOG_LEVEL has another value in api/.env.production\n"))
        #expect(try await names(server).isEmpty)

        let merge = [
            "secrets", "import", Self.bundle, "--merge", "defaults.env,api/.env.production", "--attach", "bot",
        ]
        let planned = try await server.attache(merge + ["--dry-run", "--json"])
        #expect(planned.status == 0, "\(planned.errors)")
        let plan = try planned.json(ImportBody.self).planId
        let applied = try await server.attache(merge + ["--plan", plan])
        #expect(applied.status == 0, "\(applied.errors)")
        for result in [refused, planned, applied] {
            #expect(!(result.output + result.errors).contains("0123456789abcdefghij"))
        }
        let environment = try await server.environment(of: token)
        #expect(environment["LOG_LEVEL"] == "warning")
        #expect(environment["OPENAI_API_KEY"] == "sk-proj-0123456789abcdefghij")
        #expect(environment.count == 5)
        #expect(try await server.attache(merge + ["--plan", plan]).status == 1)
    }

    @Test func severalFilesAreImportedTogetherOrNotAtAll() async throws {
        let server = try await RunningServer.start()
        let good = server.directory.appending("good.env")
        let bad = server.directory.appending("bad.env")
        try Data("A=1\n".utf8).write(to: URL(fileURLWithPath: good))
        try Data("B=1\n2C=3\n".utf8).write(to: URL(fileURLWithPath: bad))
        let refused = try await server.attache("secrets", "import", good, bad)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("\(bad):2:1: E_NAME: "))
        #expect(try await names(server).isEmpty)
        try Data("B=1\nC=3$x\n".utf8).write(to: URL(fileURLWithPath: bad))
        #expect(try await server.attache("secrets", "import", good, bad, "--check").status == 2)
        #expect(try await server.attache("secrets", "import", good, bad).status == 0)
        #expect(try await names(server) == ["A", "B", "C"])
    }

    @Test func whatIsExportedIsReadBackByAnotherServer() async throws {
        let server = try await RunningServer.start()
        let file = server.directory.appending("settings.env")
        let text = "ZONE=eu-west-3\nMOTD='it is $8 #1 \\ {\"a\": 1}'\nNOTE=\"a\n\nb's\"\nEMPTY=\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        #expect(try await server.attache("secrets", "import", file, "--kind", "variable").status == 0)
        let key = Array("secret-canary-2".utf8)
        #expect(try await server.attache("secrets", "create", "API_KEY", input: key).status == 0)

        #expect(try await server.attache("secrets", "export").status == 2)
        let exported = try await server.attache("secrets", "export", "--variables")
        #expect(exported.status == 0, "\(exported.errors)")
        #expect(exported.errors.contains("attache: MOTD: read otherwise, or refused, by docker\n"))
        #expect(exported.output.contains("\n# API_KEY=\n"))
        #expect(!(exported.output + exported.errors).contains("canary"))

        let other = try await RunningServer.start()
        let imported = try await other.attache(
            ["secrets", "import", "-", "--kind", "variable", "--json"],
            input: exported.stdout
        )
        #expect(imported.status == 0, "\(imported.errors)")
        func variables(_ server: RunningServer) async throws -> [String: String] {
            let page = try await server.attache("secrets", "list", "--kind", "variable", "--json").json(SecretPage.self)
            return Dictionary(uniqueKeysWithValues: page.secrets.map { ($0.name, $0.value ?? "-") })
        }
        #expect(try await variables(other) == variables(server))
    }

    @Test func anAgentIsCheckedAgainstAnExample() async throws {
        let server = try await RunningServer.start()
        for (name, value) in [("API_KEY", "k"), ("ZONE", ""), ("EXTRA", "x")] {
            let arguments = ["secrets", "create", name, "--allow-empty"]
            #expect(try await server.attache(arguments, input: Array(value.utf8)).status == 0)
        }
        _ = try await server.createAgent("bot", with: ["API_KEY", "ZONE", "EXTRA"])
        let example = server.directory.appending(".env.example")
        let check = ["agents", "check", "bot", "--example", example]
        try Data("API_KEY=\nZONE=x\nNEEDED=\n".utf8).write(to: URL(fileURLWithPath: example))
        let lacking = try await server.attache(check)
        #expect(lacking.status == 1)
        #expect(lacking.output == "NAME    STATE\nNEEDED  missing\nEXTRA   superfluous\nZONE    empty\n")
        try Data("API_KEY=\nZONE=x\n".utf8).write(to: URL(fileURLWithPath: example))
        #expect(try await server.attache(check + ["--json"]).status == 0)
        try Data("API_KEY\n".utf8).write(to: URL(fileURLWithPath: example))
        let refused = try await server.attache(check)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("  \(example):1:1: E_NO_EQUALS: "))
    }

    @Test func aBombIsRefusedBeforeItsContentsFillTheMemory() async throws {
        let server = try await RunningServer.start()
        let file = server.directory.appending("bomb.tar.gz")
        // 4 GiB of zeros, as 64 members of gzip.
        let script = """
            head -c 67108864 /dev/zero | gzip -9 >"$0.part" && for i in $(seq 64); do cat "$0.part"; done >"$0"
            """
        let made = try await run("/bin/sh", ["-c", script, file], environment: ["PATH": "/usr/bin:/bin"])
        #expect(made.status == 0)
        let before = try server.peakMemory
        let refused = try await server.attache("secrets", "import", file)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("E_ARCHIVE_BOMB"), "\(refused.errors)")
        #expect(try server.peakMemory - before < 64 << 10)
    }

    @Test func thePlanIsReviewedInATerminal() async throws {
        let server = try await RunningServer.start()
        #expect(try await server.attache("secrets", "create", "TAKEN", input: Array("old".utf8)).status == 0)
        let file = server.directory.appending(".env")
        try Data("FIRST=secret-canary-1\nSECOND=2\nTAKEN=new\nLAST=4\n".utf8).write(to: URL(fileURLWithPath: file))
        let terminal = try TerminalSession(
            Programs.attache,
            ["secrets", "import", file],
            environment: ["ATTACHE_SOCKET": server.socket, "TERM": "xterm", "PATH": "/usr/bin:/bin"]
        )
        // The plan has a conflict: the line with it is marked.
        try await terminal.wait(for: "TAKEN exists already")
        // Update it; go up, rename; go to the first, skip it; import.
        terminal.type("u")
        terminal.type("\u{1B}[A")
        terminal.type("r_2\r")
        try await terminal.wait(for: "SECOND as SECOND_2")
        terminal.type("\u{1B}[H ")
        try await terminal.wait(for: "import: 3 of 4 entries")
        terminal.type("\r")
        #expect(await terminal.waitForExit() == 0)
        #expect(!terminal.text.contains("secret-canary-1"))
        #expect(terminal.text.contains("imported: 2 create, 1 update, 1 skip"))
        #expect(terminal.showsTyping)
        let names = try await names(server)
        #expect(names == ["TAKEN", "SECOND_2", "LAST"])
    }

    @Test(arguments: ["q", "\u{3}"])
    func aReviewThatIsLeftWritesNothingAndPutsTheTerminalBack(key: String) async throws {
        let server = try await RunningServer.start()
        let file = server.directory.appending(".env")
        try Data("A=1\n".utf8).write(to: URL(fileURLWithPath: file))
        let terminal = try TerminalSession(
            Programs.attache,
            ["secrets", "import", file],
            environment: ["ATTACHE_SOCKET": server.socket, "TERM": "xterm", "PATH": "/usr/bin:/bin"]
        )
        try await terminal.wait(for: "q leave")
        terminal.type(key)
        #expect(await terminal.waitForExit() != 0)
        #expect(terminal.showsTyping)
        #expect(terminal.text.contains("\u{1B}[?1049l"))
        #expect(try await names(server).isEmpty)
    }
}
