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
            "an address needs a login or a workspace key, and there is none",
            hint: "log in with attache login, or set ATTACHE_API_KEY or ATTACHE_API_KEY_FILE"
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

    @Test func whatWasSavedIsUsedWhereNothingElseWasSaid() throws {
        var saved = SavedWorkspaces()
        saved.save(.init(name: "acme", apiUrl: "https://a.example", workspaceId: "1", session: "ses_a"))
        saved.save(.init(name: "ci", apiUrl: "https://b.example", workspaceId: "2", apiKey: "ak_ws_b"))
        saved.current = "acme"
        let settings = try ClientSettings(saved: saved, environment: [:], userID: 0)
        #expect(settings.address == .url("https://a.example"))
        #expect(settings.workspace == "1")
        #expect(settings.key.map(text) == "ses_a")
        let other = try ClientSettings(workspace: "ci", saved: saved, environment: [:], userID: 0)
        #expect(other.address == .url("https://b.example"))
        #expect(other.key.map(text) == "ak_ws_b")
        let named = try ClientSettings(workspace: "unsaved", saved: saved, environment: [:], userID: 0)
        #expect(named.address == .url("https://a.example"))
        #expect(named.workspace == "unsaved")
    }

    @Test func aSavedTokenGoesToItsOwnServerOnly() throws {
        var saved = SavedWorkspaces()
        saved.save(.init(name: "acme", apiUrl: "https://a.example", workspaceId: "1", session: "ses_a"))
        saved.current = "acme"
        #expect(throws: CommandError.self) {
            _ = try ClientSettings(address: "https://b.example", saved: saved, environment: [:], userID: 0)
        }
        let socket = try ClientSettings(socket: "/x", saved: saved, environment: [:], userID: 0)
        #expect(socket.key == nil)
        #expect(socket.workspace == nil)
    }

    @Test func twoServersMayHaveAWorkspaceOfOneName() {
        var saved = SavedWorkspaces()
        #expect(saved.save(.init(name: "acme", apiUrl: "https://a.example", workspaceId: "1")) == "acme")
        #expect(saved.save(.init(name: "acme", apiUrl: "https://b.example", workspaceId: "2")) == "acme@b.example")
        #expect(saved.save(.init(name: "acme", apiUrl: "https://a.example", workspaceId: "1")) == "acme")
        #expect(saved.workspaces.count == 2)
    }

    private func text(_ key: SharedSecret) -> String { key.bytes.withBytes { String(decoding: $0, as: UTF8.self) } }
}
