// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

struct SocketTests {
    @Test func aSecondServerOnTheSameFolderIsRefused() async throws {
        let server = try await RunningServer.start()
        let other = try TemporaryDirectory()
        var arguments = RunningServer.arguments(in: other)
        arguments[2] = server.data
        let result = try await run(Programs.attache, arguments)
        #expect(result.status == 1)
        #expect(result.errors.contains("another server"))
        #expect(try await server.attache("status").status == 0)
    }

    @Test func aSocketOfALiveServerIsNotTakenOver() async throws {
        let server = try await RunningServer.start()
        let other = try TemporaryDirectory()
        var arguments = RunningServer.arguments(in: other)
        arguments[6] = server.socket
        let result = try await run(Programs.attache, arguments)
        #expect(result.status == 1)
        #expect(result.errors.contains("already"))
        #expect(try await server.attache("status").status == 0)
    }

    @Test func aSocketThatAKilledServerLeftIsReplaced() async throws {
        let first = try await RunningServer.start()
        first.signal(SIGKILL)
        _ = await first.waitForExit()
        #expect(FileManager.default.fileExists(atPath: first.socket))
        let second = try await RunningServer.start(in: first.directory)
        #expect(try await second.attache("status").status == 0)
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() async throws {
        let directory = try TemporaryDirectory()
        mkdir(directory.appending("run"), 0o755)
        let file = URL(fileURLWithPath: directory.appending("run/attache.sock"))
        try Data("mine".utf8).write(to: file)
        let result = try await run(Programs.attache, RunningServer.arguments(in: directory))
        #expect(result.status == 1)
        #expect(try Data(contentsOf: file) == Data("mine".utf8))
    }

    @Test(arguments: ["/api/v1/secrets", "/api/v1/agents", "/api/v1/audit", "/healthz", "/openapi.json", "/"])
    func theAgentsSocketServesNobodyAnythingButStarts(path: String) async throws {
        let server = try await RunningServer.start()
        for socketUser in [[], ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]] {
            if !socketUser.isEmpty, getuid() != 0 { continue }
            // The folder of the test is private; the socket itself is for everybody.
            chmod(server.directory.path, 0o755)
            let command = socketUser + ["curl", "-s", "--unix-socket", server.agentSocket, "http://attache\(path)"]
            let result = try await run("/usr/bin/env", command, environment: ["PATH": "/usr/bin:/bin"])
            let error = try JSONDecoder().decode(ErrorBody.self, from: Data(result.stdout))
            #expect(error.code == .notFound)
        }
    }

    @Test(
        .enabled(if: getuid() == 0, "namespaces need root"),
        arguments: [["--pid", "--fork"], ["--mount", "--fork"], ["--user", "--map-root-user"]]
    )
    func aProcessInANamespaceOfItsOwnIsNotTheOperator(flags: [String]) async throws {
        let server = try await RunningServer.start()
        let result = try await run(
            "/usr/bin/unshare",
            flags + ["curl", "-s", "--unix-socket", server.socket, "http://attache/api/v1/secrets"],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        let error = try JSONDecoder().decode(ErrorBody.self, from: Data(result.stdout))
        #expect(error.code == .tokenMissing, "\(result.errors)")
    }

    @Test(.enabled(if: getuid() == 0, "other users need root"))
    func anotherUserIsNotTheOperator() async throws {
        let server = try await RunningServer.start()
        chmod(server.directory.path, 0o755)
        chmod(server.socket, 0o666)
        let result = try await run(
            "/usr/bin/setpriv",
            [
                "--reuid", "65534", "--regid", "65534", "--clear-groups", "curl", "-s", "--unix-socket",
                server.socket, "http://attache/api/v1/secrets",
            ],
            environment: ["PATH": "/usr/bin:/bin"]
        )
        let error = try JSONDecoder().decode(ErrorBody.self, from: Data(result.stdout))
        #expect(error.code == .tokenMissing)
        let trail = try await server.attache("audit", "list", "--system", "--json").output
        #expect(trail.contains("token.use") && trail.contains("\"operator\""))
    }
}
