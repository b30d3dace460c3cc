// SPDX-License-Identifier: Apache-2.0

import APIClient
import Commands
import Foundation
import Testing
import VaultModel

struct ClientSettingsTests {
    private static let key = "ak_ws_0123456789"

    private func settings(
        socket: String? = nil,
        address: String? = nil,
        agentSocket: String? = nil,
        _ environment: [String: String] = [:],
        userID: UInt32 = 1000
    ) throws(CommandError) -> ClientSettings {
        try ClientSettings(
            socket: socket,
            address: address,
            agentSocket: agentSocket,
            environment: environment.merging(["HOME": "/home/u"]) { first, _ in first },
            userID: userID
        )
    }

    @Test func theDefaultIsTheSocketOfThisUsersServer() throws {
        #expect(try settings(userID: 0).address == .socket(path: "/run/attache/attache.sock"))
        #expect(try settings(userID: 0).agentSocket == "/run/attache/agent.sock")
        let runtime = ["XDG_RUNTIME_DIR": "/run/user/1000"]
        #expect(try settings(runtime).address == .socket(path: "/run/user/1000/attache/attache.sock"))
        #expect(try settings().address == .socket(path: "/home/u/.local/state/attache/attache.sock"))
    }

    @Test func theCommandLineWinsAndThenTheSocket() throws {
        let variables = [
            "ATTACHE_SOCKET": "/s/a.sock", "ATTACHE_ADDRESS": "https://vault.example", "ATTACHE_API_KEY": Self.key,
        ]
        #expect(try settings(socket: "/x.sock", variables).address == .socket(path: "/x.sock"))
        #expect(try settings(address: "https://b.example", variables).address == .url("https://b.example"))
        #expect(try settings(variables).address == .socket(path: "/s/a.sock"))
        #expect(try settings(variables).agentSocket == "/s/agent.sock")
        let empty = variables.merging(["ATTACHE_SOCKET": ""]) { $1 }
        #expect(try settings(empty).address == .url("https://vault.example"))
        #expect(throws: CommandError.self) { _ = try settings(socket: "/x", address: "https://b.example") }
    }

    @Test func theAgentsSocketMayLieElsewhere() throws {
        let variables = ["ATTACHE_SOCKET": "/s/a.sock", "ATTACHE_AGENT_SOCKET": "/t/b.sock"]
        #expect(try settings(variables).agentSocket == "/t/b.sock")
        #expect(try settings(agentSocket: "/u/c.sock", variables).agentSocket == "/u/c.sock")
    }

    @Test func anAddressNeedsAKey() throws {
        let error = CommandError.usage(
            "an address needs a workspace key, and there is none",
            hint: "set ATTACHE_API_KEY, or ATTACHE_API_KEY_FILE to a file that holds it"
        )
        #expect(throws: error) { _ = try settings(address: "https://vault.example") }
        let variables = ["ATTACHE_API_KEY": Self.key]
        #expect(try settings(address: "https://vault.example", variables).key != nil)
        #expect(try settings(variables).key != nil)
        #expect(try settings().key == nil)
    }

    @Test(arguments: [
        "sk-canary", "ak_ws_canary\r\nX: y", "ak_ws_canary z", "ak_ws_" + String(repeating: "a", count: 300),
    ])
    func whatIsNoKeyIsRefusedWithoutBeingRepeated(text: String) throws {
        let error = CommandError.usage("ATTACHE_API_KEY holds no workspace key: they begin with ak_ws_")
        #expect(throws: error) { _ = try settings(["ATTACHE_API_KEY": text]) }
    }

    @Test func aKeyFileWinsAndMayEndWithALineBreak() throws {
        let path = "/tmp/attache-key-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data("ak_ws_file\n".utf8).write(to: URL(fileURLWithPath: path))
        let variables = ["ATTACHE_API_KEY_FILE": path, "ATTACHE_API_KEY": Self.key]
        let key = try #require(try settings(variables).key)
        #expect(key.bytes.withBytes { String(decoding: $0, as: UTF8.self) } == "ak_ws_file")
        let missing = CommandError.unreadableFile(path: "/nonexistent", reason: "No such file or directory")
        #expect(throws: missing) { _ = try settings(["ATTACHE_API_KEY_FILE": "/nonexistent"]) }
    }
}
