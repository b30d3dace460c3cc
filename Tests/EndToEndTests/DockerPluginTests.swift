// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `attache plugin docker`, with the calls that dockerd makes.
///
/// With a real one: `make engines`.
struct DockerPluginTests {
    private let server: RunningServer
    private let socket: String
    private let volumes: String

    init() async throws {
        server = try await RunningServer.start()
        socket = server.directory.appending("run/plugin.sock")
        volumes = server.directory.appending("volumes")
        _ = try await server.attache("secrets", "create", "TOKEN", input: Array("s3cret".utf8))
        _ = try await server.attache("secrets", "create", "OTHER", input: Array("not this".utf8))
        _ = try await server.createAgent("web", with: ["TOKEN"])
        _ = try await server.createAgent("bot", with: ["OTHER"])
    }

    private func start(_ arguments: String...) async throws -> StartedProcess {
        let plugin = try StartedProcess(
            Programs.attache,
            [
                "plugin", "docker", "--socket", server.socket, "--listen", socket, "--volumes", volumes,
                "--volume-list", server.directory.appending("volumes.json"),
            ] + arguments,
            environment: [:]
        )
        try await plugin.printed.wait(for: "listening on", deadline: .seconds(60))
        return plugin
    }

    private func end(_ plugin: StartedProcess) async {
        plugin.signal(SIGTERM)
        #expect(await plugin.waitForExit() == 0)
    }

    /// Makes one call and returns the members of the answer.
    private func call(_ path: String, _ body: String = "") async throws -> [String: any Sendable] {
        let result = try await run(
            "/usr/bin/curl",
            ["-sS", "--unix-socket", socket, "-X", "POST", "-d", body, "http://plugin\(path)"],
            environment: [:]
        )
        let object = try JSONSerialization.jsonObject(with: Data(result.stdout)) as? [String: any Sendable]
        return try #require(object, "\(result.output) \(result.errors)")
    }

    private func file(_ name: String, of volume: String = "web") -> String? {
        try? String(contentsOfFile: "\(volumes)/\(volume)/\(name)", encoding: .utf8)
    }

    /// Waits until the files of a volume are as they should be, at most half a minute.
    private func wait(until isSo: @escaping @Sendable () -> Bool) async throws {
        let changes = try FolderWatch("\(volumes)/web")
        let isDone = await withCheckedContinuation { continuation in
            // Blocks, on a thread of its own.
            Thread.detachNewThread { continuation.resume(returning: changes.wait(until: isSo)) }
        }
        try #require(isDone)
    }

    @Test func itSaysWhatItImplements() async throws {
        let plugin = try await start()
        let answer = try await call("/Plugin.Activate")
        #expect(answer["Implements"] as? [String] == ["secretprovider", "VolumeDriver", "authz"])
        var status = stat()
        #expect(stat(socket, &status) == 0 && status.st_mode & 0o777 == 0o600)
        await end(plugin)
    }

    @Test func aServiceGetsWhatIsAttachedToItsAgent() async throws {
        let plugin = try await start()
        let labels = #""ServiceLabels":{"io.attache.agent":"web"}"#
        let answer = try await call(
            "/SecretProvider.GetSecret",
            #"{"SecretName":"TOKEN",\#(labels),"ServiceID":"x","TaskImage":"y","ServiceEndpointSpec":{}}"#
        )
        #expect(answer["Value"] as? String == Data("s3cret".utf8).base64EncodedString())
        #expect(answer["DoNotReuse"] as? Bool == true)
        #expect(answer["Err"] as? String == "")
        let named = try await call(
            "/SecretProvider.GetSecret",
            #"{"SecretName":"db","SecretLabels":{"io.attache.entry":"TOKEN"},\#(labels)}"#
        )
        #expect(named["Value"] as? String == Data("s3cret".utf8).base64EncodedString())
        let trail = try await server.attache("audit", "list", "--json")
        #expect(trail.output.contains("session.create"))
        #expect(!plugin.printed.text.contains("s3cret"))
        await end(plugin)
    }

    @Test(arguments: [
        #"{"SecretName":"OTHER","ServiceLabels":{"io.attache.agent":"web"}}"#, #"{"SecretName":"TOKEN"}"#,
        #"{"SecretName":"TOKEN","ServiceLabels":{"io.attache.agent":"nobody"}}"#,
        #"{"SecretName":"TOKEN","ServiceLabels":{"io.attache.agent":"web"},"SecretLabels":{"io.attache.agent":"bot"}}"#,
    ])
    func anyOtherServiceGetsAnError(body: String) async throws {
        let plugin = try await start()
        let answer = try await call("/SecretProvider.GetSecret", body)
        #expect(answer["Value"] == nil)
        #expect((answer["Err"] as? String)?.isEmpty == false)
        await end(plugin)
    }

    @Test func whatIsNoCallIsRefused() async throws {
        let plugin = try await start()
        for (path, body) in [("/SecretProvider.GetSecret", "no json"), ("/VolumeDriver.Nonsense", "{}"), ("/", "")] {
            let result = try await run(
                "/usr/bin/curl",
                [
                    "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", socket, "-d", body,
                    "http://plugin\(path)",
                ],
                environment: [:]
            )
            #expect(result.output.hasPrefix("4"))
        }
        await end(plugin)
    }

    @Test func aPolicyRefusesWhatLooksLikeASecret() async throws {
        let plugin = try await start("--refuse-secrets")
        let body = Data(#"{"Env":["API_KEY=sk-abcdefghijklmnopqrstuvwxyz0123456789"]}"#.utf8).base64EncodedString()
        let request = #"{"RequestMethod":"POST","RequestUri":"/v1.41/containers/create","RequestBody":"\#(body)"}"#
        let answer = try await call("/AuthZPlugin.AuthZReq", request)
        #expect(answer["Allow"] as? Bool == false)
        #expect((answer["Msg"] as? String)?.contains("API_KEY") == true)
        let list = try await call(
            "/AuthZPlugin.AuthZReq",
            #"{"RequestMethod":"GET","RequestUri":"/v1.41/containers/json"}"#
        )
        #expect(list["Allow"] as? Bool == true)
        #expect(try await call("/AuthZPlugin.AuthZRes", "{}")["Allow"] as? Bool == true)
        #expect(!plugin.printed.text.contains("sk-abc"))
        await end(plugin)
    }

    @Test func aVolumeIsKnownAfterTheNextStart() async throws {
        let first = try await start()
        #expect(
            try await call("/VolumeDriver.Create", #"{"Name":"web","Opts":{"only":"TOKEN"}}"#)["Err"] as? String == ""
        )
        let other = try await call("/VolumeDriver.Create", #"{"Name":"web","Opts":{"agent":"bot"}}"#)
        #expect((other["Err"] as? String)?.isEmpty == false)
        let unknown = try await call("/VolumeDriver.Create", #"{"Name":"nobody"}"#)
        #expect((unknown["Err"] as? String)?.isEmpty == false)
        await end(first)
        let second = try await start()
        let list = try await call("/VolumeDriver.List")
        #expect((list["Volumes"] as? [[String: any Sendable]])?.compactMap { $0["Name"] as? String } == ["web"])
        #expect(try await call("/VolumeDriver.Remove", #"{"Name":"web"}"#)["Err"] as? String == "")
        #expect((try await call("/VolumeDriver.Get", #"{"Name":"web"}"#)["Err"] as? String)?.isEmpty == false)
        let kept = try String(contentsOfFile: server.directory.appending("volumes.json"), encoding: .utf8)
        #expect(kept == "[]")
        await end(second)
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func aMountedVolumeHasTheValuesAndKeepsUp() async throws {
        let plugin = try await start()
        _ = try await call("/VolumeDriver.Create", #"{"Name":"web","Opts":{"uid":"1234"}}"#)
        let mounted = try await call("/VolumeDriver.Mount", #"{"Name":"web","ID":"one"}"#)
        #expect(mounted["Mountpoint"] as? String == "\(volumes)/web", "\(mounted)")
        #expect(file("TOKEN") == "s3cret")
        var status = stat()
        #expect(stat("\(volumes)/web/TOKEN", &status) == 0 && status.st_mode & 0o7777 == 0o400 && status.st_uid == 1234)
        // Another container has it too; the first one that goes leaves it mounted.
        _ = try await call("/VolumeDriver.Mount", #"{"Name":"web","ID":"two"}"#)
        #expect((try await call("/VolumeDriver.Remove", #"{"Name":"web"}"#)["Err"] as? String)?.isEmpty == false)
        _ = try await call("/VolumeDriver.Unmount", #"{"Name":"web","ID":"one"}"#)
        #expect(file("TOKEN") == "s3cret")

        _ = try await server.attache("secrets", "update", "TOKEN", input: Array("n3xt".utf8))
        try await wait { file("TOKEN") == "n3xt" }
        _ = try await server.attache("agents", "attach", "web", "OTHER")
        try await wait { file("OTHER") == "not this" }
        _ = try await server.attache("agents", "detach", "web", "TOKEN", "OTHER")
        try await wait { file("TOKEN") == nil && file("OTHER") == nil }

        #expect(try await call("/VolumeDriver.Unmount", #"{"Name":"web","ID":"two"}"#)["Err"] as? String == "")
        #expect(!FileManager.default.fileExists(atPath: "\(volumes)/web"))
        await end(plugin)
    }

    @Test(.enabled(if: SmallDisk.isAvailable)) func aVolumeOutlivesItsPlugin() async throws {
        let first = try await start()
        _ = try await call("/VolumeDriver.Create", #"{"Name":"web"}"#)
        _ = try await call("/VolumeDriver.Mount", #"{"Name":"web","ID":"one"}"#)
        first.signal(SIGKILL)
        _ = await first.waitForExit()
        #expect(file("TOKEN") == "s3cret")
        let second = try await start()
        _ = try await server.attache("secrets", "update", "TOKEN", input: Array("n3xt".utf8))
        try await wait { file("TOKEN") == "n3xt" }
        #expect(try await call("/VolumeDriver.Unmount", #"{"Name":"web","ID":"one"}"#)["Err"] as? String == "")
        #expect(!FileManager.default.fileExists(atPath: "\(volumes)/web"))
        await end(second)
    }
}

/// Sees files come and go in a folder (inotify(7)).
private final class FolderWatch: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = inotify_init1(Int32(IN_CLOEXEC))
        let seen = inotify_add_watch(descriptor, path, UInt32(IN_MOVED_TO | IN_DELETE | IN_CREATE))
        try #require(seen >= 0)
    }

    deinit { close(descriptor) }

    /// Asks again after every change; false where half a minute passes first.
    func wait(until isSo: () -> Bool) -> Bool {
        let deadline = ContinuousClock.now + .seconds(30)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !isSo() {
            let left = deadline - .now
            var readable = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > .zero, poll(&readable, 1, Int32(left / .milliseconds(1)) + 1) > 0 else { return false }
            _ = read(descriptor, &buffer, buffer.count)
        }
        return true
    }
}
