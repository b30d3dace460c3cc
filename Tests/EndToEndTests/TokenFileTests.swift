// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import TestSupport
import Testing

/// Gateway tokens that go into a file instead of the terminal.
struct TokenFileTests {
    @Test func aTokenGoesFromItsFileToTheWrapperWithoutBeingShown() async throws {
        let server = try await RunningServer.start()
        #expect(try await server.attache("secrets", "create", "KEY", input: Array("v-1".utf8)).status == 0)
        let file = server.directory.appending("bot.token")
        let made = try await server.attache("agents", "create", "bot", "--secret", "KEY", "--token-file", file)
        #expect(made.status == 0, "\(made.errors)")
        let token = try String(contentsOfFile: file, encoding: .utf8).dropLast()
        #expect(!(made.output + made.errors).contains(token))
        #expect(try mode(of: file) == 0o600)

        let rotated = try await server.attache(
            "gateway-token",
            "rotate",
            "bot",
            "--now",
            "--json",
            "--token-file",
            file
        )
        #expect(rotated.status == 0, "\(rotated.errors)")
        #expect(!rotated.output.contains("gwt_"))
        #expect(try String(contentsOfFile: file, encoding: .utf8).dropLast() != token)
        let started = try await server.exec(
            token: "",
            ["/usr/bin/printenv", "KEY"],
            environment: ["ATTACHE_GATEWAY_TOKEN_FILE": file]
        )
        #expect(started.output == "v-1\n", "\(started.errors)")
    }

    @Test func aFileThatIsThereIsNotOverwrittenByANewAgent() async throws {
        let server = try await RunningServer.start()
        let file = server.directory.appending("notes")
        try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
        let refused = try await server.attache("agents", "create", "bot", "--token-file", file)
        #expect(refused.status == 2)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == "mine")
        #expect(try await server.attache("agents", "show", "bot").errors.contains("no such agent"))
    }

    @Test(arguments: [["agents", "create", "new"], ["gateway-token", "rotate", "bot", "--now"]])
    func aPlaceThatCannotBeWrittenCostsNoToken(command: [String]) async throws {
        let server = try await RunningServer.start()
        let token = try await server.createAgent("bot")
        let file = server.directory.appending("absent/token")
        let refused = try await server.attache(command + ["--token-file", file])
        #expect(refused.errors.contains("absent/token: No such file or directory"), "\(refused.errors)")
        #expect(try await server.attache("agents", "show", "new").errors.contains("no such agent"))
        #expect(try await server.exec(token: token, ["/bin/true"]).status == 0)
    }

    private func mode(of file: String) throws -> mode_t {
        var status = stat()
        try #require(stat(file, &status) == 0)
        return status.st_mode & 0o777
    }
}
