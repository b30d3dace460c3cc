// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

struct MasterKeyTests {
    /// Founds a vault, stops its server, and returns the folder with the key that opens it.
    private func founded() async throws -> TemporaryDirectory {
        let server = try await RunningServer.start()
        #expect(try await server.attache("secrets", "create", "A", input: Array("value".utf8)).status == 0)
        server.signal(SIGTERM)
        #expect(await server.waitForExit() == 0)
        return server.directory
    }

    private func database(_ directory: TemporaryDirectory) throws -> Data {
        try Data(contentsOf: URL(fileURLWithPath: directory.appending("data/attache.db")))
    }

    private func keyFile(_ directory: TemporaryDirectory) -> URL {
        URL(fileURLWithPath: directory.appending("key/master.key"))
    }

    private func write(_ text: String, in directory: TemporaryDirectory) throws {
        try Data(text.utf8).write(to: keyFile(directory))
    }

    private func serve(_ directory: TemporaryDirectory) async throws -> CommandResult {
        try await run(Programs.attache, RunningServer.arguments(in: directory), deadline: .seconds(30))
    }

    @Test func theKeyIsMadeOnceForItsOwnerAloneAndNotBesideTheData() async throws {
        let directory = try await founded()
        let attributes = try FileManager.default.attributesOfItem(atPath: keyFile(directory).path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.appending("data"))
        #expect(names.allSatisfy { $0.hasPrefix("attache.") })
    }

    @Test func aWrongKeyIsRefusedWithBothIdsAndChangesNothing() async throws {
        let directory = try await founded()
        let before = try database(directory)
        try write(String(repeating: "ab", count: 32) + "\n", in: directory)
        let result = try await serve(directory)
        #expect(result.status == 78)
        #expect(result.errors.matches(of: /[0-9a-f]{16}/).count == 2, "\(result.errors)")
        #expect(try database(directory) == before)
    }

    @Test(arguments: ["", "abcd\n", String(repeating: "z", count: 64), String(repeating: "ab", count: 33)])
    func aFileThatHoldsNoKeyIsRefusedAndChangesNothing(text: String) async throws {
        let directory = try await founded()
        let before = try database(directory)
        try write(text, in: directory)
        let result = try await serve(directory)
        #expect(result.status == 78)
        #expect(text.isEmpty || !result.errors.contains(text.prefix(20)))
        #expect(try database(directory) == before)
    }

    @Test func aMissingKeyIsNeverReplacedByANewOne() async throws {
        let directory = try await founded()
        let before = try database(directory)
        try FileManager.default.removeItem(at: keyFile(directory))
        let result = try await serve(directory)
        #expect(result.status == 78)
        #expect(result.errors.contains(/[0-9a-f]{16}/))
        #expect(!FileManager.default.fileExists(atPath: keyFile(directory).path))
        #expect(try database(directory) == before)
    }

    @Test func aKeyWithOrWithoutTheLineEndIsTheSameKey() async throws {
        let directory = try await founded()
        let key = try String(contentsOf: keyFile(directory), encoding: .utf8).trimmingCharacters(in: .newlines)
        for ending in ["", "\r\n"] {
            try write(key + ending, in: directory)
            chmod(keyFile(directory).path, 0o600)
            let server = try await RunningServer.start(in: directory)
            #expect(try await server.attache("secrets", "show", "A").status == 0)
            server.signal(SIGTERM)
            _ = await server.waitForExit()
        }
    }

    @Test func aKeyThatOthersMayReadIsRefused() async throws {
        let directory = try await founded()
        chmod(keyFile(directory).path, 0o644)
        #expect(try await serve(directory).status == 78)
    }
}
