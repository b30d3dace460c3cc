// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// What `attache serve` promises to whoever runs it.
struct ServeTests {
    @Test func aRequestInFlightIsFinishedWhenTheServerIsToldToStop() async throws {
        let server = try await RunningServer.start()
        let body = #"{"name": "IN_FLIGHT", "kind": "secret", "value": "1"}"#
        let connection = try SocketConnection(to: server.socket)
        try connection.send(
            "POST /api/v1/secrets HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        try connection.send(String(body.prefix(10)))
        // A request that was answered after it shows that the server has read the first half.
        #expect(try await server.attache("status").status == 0)
        server.signal(SIGTERM)
        try connection.send(String(body.dropFirst(10)))
        let answer = try await connection.readToEnd()
        #expect(answer.contains("HTTP/1.1 201 "), "\(answer)")
        #expect(await server.waitForExit() == 0)
        let again = try await RunningServer.start(in: server.directory)
        #expect(try await again.attache("secrets", "list").output.contains("IN_FLIGHT"))
    }

    @Test func aCertificateMakesTheListenerSpeakTLS() async throws {
        let files = try TLSFiles(for: "IP:127.0.0.1")
        let server = try await RunningServer.start(extraArguments: files.arguments)
        let address = try #require(server.log.firstMatch(of: /https:\/\/127\.0\.0\.1:[0-9]+/)?.output)
        let token = try #require(server.workspaceKey)
        for (trust, status) in [(["--cacert", files.certificate], Int32(0)), ([], Int32(60))] {
            let got = try await run(
                "/usr/bin/curl",
                ["-s", "-H", "Authorization: Bearer \(token)", "\(address)/api/v1/secrets"] + trust,
                environment: ["PATH": "/usr/bin:/bin"]
            )
            #expect(got.status == status)
            #expect(got.output.contains("\"secrets\"") == (status == 0))
        }
    }

    @Test(arguments: [["--tls-key", "/nowhere"], ["--listen", "0.0.0.0:0"], ["--log-level", "loud"]])
    func aConfigurationThatCannotWorkEndsWith78AndMakesNothing(flags: [String]) async throws {
        let directory = try TemporaryDirectory()
        let result = try await run(Programs.attache, RunningServer.arguments(in: directory) + flags)
        #expect(result.status == 78)
        #expect(result.errors.hasPrefix("attache: error: "), "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test(.enabled(if: getuid() == 0, "mounts need root"))
    func aFolderThatCannotBeWrittenIsRefusedAndLeftAsItIs() async throws {
        let first = try await RunningServer.start()
        #expect(try await first.attache("secrets", "create", "KEPT", input: Array("1".utf8)).status == 0)
        first.signal(SIGTERM)
        #expect(await first.waitForExit() == 0)
        let script = """
            mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"
            """
        let refused = try await run(
            "/usr/bin/unshare",
            ["--mount", "/bin/sh", "-c", script, "sh", first.data, Programs.attache]
                + RunningServer.arguments(in: first.directory),
            environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"]
        )
        #expect(refused.status == 1)
        #expect(refused.errors.contains("read-only") || refused.errors.contains("written"), "\(refused.errors)")
        let again = try await RunningServer.start(in: first.directory)
        #expect(try await again.attache("secrets", "list").output.contains("KEPT"))
    }

    @Test func whoeverReadTheAnnouncementsMayGo() async throws {
        let directory = try TemporaryDirectory()
        let arguments = RunningServer.arguments(in: directory)
        #expect(mkdir(directory.appending("run"), 0o755) == 0)
        // The reader of stdout takes one line and ends; the server goes on serving on its sockets.
        let script = """
            { sh -c 'echo $$ >"$SOCKET.pid"; exec "$@"' sh "$@" 2>/dev/null; } | head -n 1 >/dev/null & server=$!
            for i in $(seq 600); do
                curl -sf --unix-socket "$SOCKET" http://attache/readyz >/dev/null && echo serves && break
                sleep 0.1
            done
            kill -TERM "$(cat "$SOCKET.pid")"; wait $server
            """
        let result = try await run(
            "/bin/sh",
            ["-c", script, "sh", Programs.attache] + arguments,
            environment: ["PATH": "/usr/bin:/bin", "SOCKET": directory.appending("run/attache.sock")]
        )
        #expect(result.output.contains("serves"))
    }
}
