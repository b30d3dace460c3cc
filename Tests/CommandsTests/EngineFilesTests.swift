// SPDX-License-Identifier: Apache-2.0

import Commands
import ContainerEdits
import Foundation
import Testing

struct EngineFilesTests {
    private let folder = NSTemporaryDirectory() + "engines-\(UUID().uuidString)"

    private func text(_ name: String) -> String? { try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) }

    private func files(_ engine: Engine, _ name: String, isDryRun: Bool = false) -> EngineFiles {
        EngineFiles(engine, file: "\(folder)/\(name)", isDryRun: isDryRun)
    }

    private func install(_ files: EngineFiles) throws -> [EngineFileChange.Act] {
        try files.install(hook: "/opt/attache-hook", settings: HookSettings(), at: "\(folder)/hook.json").map(\.act)
    }

    @Test(arguments: Engine.allCases)
    func anEngineIsInstalledAndRemoved(engine: Engine) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let files = files(engine, "sub/engine")
        #expect(try files.installed() == nil)
        #expect(try install(files) == [.create, .create])
        #expect(try files.installed() == (engine == .podman ? "/opt/attache-hook" : "/opt/attache-runtime"))
        #expect(try install(files) == [.none, .none])
        #expect(try HookSettings(Array(#require(text("hook.json")).utf8)) == HookSettings())
        #expect(try files.remove().map(\.act) == [engine == .podman ? .remove : .change])
        #expect(try files.installed() == nil)
        #expect(try files.remove().map(\.act) == [.none])
    }

    @Test func whatTheFileHeldIsKeptBesideIt() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = "\(folder)/daemon.json"
        try Data("{\"debug\": true}".utf8).write(to: URL(fileURLWithPath: path))
        chmod(path, 0o640)
        let files = files(.docker, "daemon.json")
        #expect(try install(files) == [.create, .change])
        #expect(text("daemon.json.before-attache") == "{\"debug\": true}")
        var status = stat()
        #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o640)
        _ = try files.remove()
        #expect(text("daemon.json") == "{\"debug\": true}")
        #expect(text("daemon.json.before-attache") == "{\"debug\": true}")
    }

    @Test func aDryRunChangesNothing() throws {
        #expect(try install(files(.docker, "daemon.json", isDryRun: true)) == [.create, .create])
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test func aFileThatIsNotUnderstoodStaysAsItIs() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("{ // comment".utf8).write(to: URL(fileURLWithPath: "\(folder)/daemon.json"))
        #expect(throws: CommandError.self) { try install(files(.docker, "daemon.json")) }
        #expect(text("daemon.json") == "{ // comment")
        #expect(text("hook.json") == nil)
    }
}
