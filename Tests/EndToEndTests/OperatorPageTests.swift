// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// The operator's pages, line by line: what stands in their code blocks is what is run.
struct OperatorPageTests {
    @Test func theKeysAreRotatedByThePage() async throws {
        let machine = try await Machine()
        try await machine.prepare(user: "alice")
        let old = try #require(try await machine.keys().masterKeys.first?.id)
        try await machine.follow("rotate-keys.md", replacing: ["0123456789abcdef": old])
        let keys = try await machine.keys()
        #expect(keys.masterKeys.count == 1 && keys.masterKeys.first?.id != old)
        #expect(keys.epochs.map(\.state) == ["retired", "active"])
        #expect(keys.rotation?.kind == "user" && keys.rotation?.phase == "done")
        #expect(FileManager.default.fileExists(atPath: machine.path("root/attache-master.key.old")))
        try await machine.checkNothingIsLost()
    }

    @Test func backupsAreMadeAndRestoredByThePage() async throws {
        let machine = try await Machine()
        try await machine.prepare()
        // The page's example of a name, for the backup that its first block makes.
        try await machine.follow(
            "backups.md",
            replacing: [
                "/srv/attache-backups/attache-20260131T093000Z-0123456789ab.tar": "$(ls $BACKUPS/*.tar | tail -n 1)"
            ]
        )
        #expect(FileManager.default.fileExists(atPath: machine.path("data.before/attache.db")))
        let trail = try await machine.attache("audit", "list", "--json").json(AuditPage.self)
        #expect(trail.entries.contains { $0.action == "backup.restore" })
        try await machine.checkNothingIsLost()
    }

    @Test func aLostKeyIsReplacedByThePageWhileTheServerRuns() async throws {
        let machine = try await Machine()
        try await machine.prepare()
        #expect(try await machine.attache("backup", "create").status == 0)
        let lost = try #require(try await machine.keys().masterKeys.first?.id)
        try FileManager.default.removeItem(atPath: machine.path("etc/master.key"))
        try await machine.follow(
            "lost-key.md",
            replacing: [
                "0123456789abcdef": lost,
                "attache-20260131T093000Z-0123456789ab.tar": "$(ls $BACKUPS/*.tar | tail -n 1)",
            ]
        )
        #expect(try await machine.keys().masterKeys.map(\.inKeyFile) == [true])
        try await machine.shell("systemctl stop attache\nsystemctl start attache")
        try await machine.checkNothingIsLost()
    }

    @Test func aMemberLeavesByThePage() async throws {
        let machine = try await Machine()
        try await machine.prepare(user: "grace")
        let id = try #require(
            try await machine.attache("users", "list", "--json").json(UserList.self).users.first { $0.name == "grace" }?
                .id
        )
        try await machine.shell(
            """
            attache workspaces create acme
            export ATTACHE_WORKSPACE=acme
            printf 'old' | attache secrets create OPENAI_API_KEY
            attache agents create bot --secret OPENAI_API_KEY
            attache invitations create grace@example.org --json | sed -n 's/.*"token":"\\([^"]*\\)".*/\\1/p' > "$ROOT/token"
            printf '%s' 'correct horse grace staple' > "$ROOT/password"
            HOME="$ROOT" ATTACHE_WORKSPACE= attache invitations accept --address "http://$ADDRESS" \\
                --token-file "$ROOT/token" --password-file "$ROOT/password"
            """
        )
        try await machine.follow(
            "member-leaves.md",
            replacing: ["user:ID": "user:\(id)"],
            environment: ["ATTACHE_WORKSPACE": "acme"],
            input: "a new value"
        )
        let members = try await machine.attache("members", "list", "--workspace", "acme", "--json").json(
            MemberList.self
        )
        #expect(members.members.map(\.name) == ["operator"])
        #expect(
            try await machine.attache("users", "list", "--json").json(UserList.self).users.map(\.name) == ["operator"]
        )
        try await machine.checkNothingIsLost()
    }

    @Test func aUserIsShreddedByThePage() async throws {
        let machine = try await Machine()
        try await machine.prepare(user: "alice")
        try await machine.follow("shred-user.md", replacing: ["ADDRESS": "alice@example.org"])
        try await machine.checkNothingIsLost()
    }
}

/// A machine as the pages know it, in a folder: their absolute paths lead there, and `systemctl` starts and stops the
/// built server.
private final class Machine: Sendable {
    private let root: TemporaryDirectory

    func path(_ name: String) -> String { root.appending(name) }

    init() async throws {
        root = try TemporaryDirectory()
        for folder in ["bin", "etc", "root", "run", "backups"] {
            try FileManager.default.createDirectory(atPath: root.appending(folder), withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(
            atPath: root.appending("bin/attache"),
            withDestinationPath: Programs.attache
        )
        try write(Self.systemctl, to: "bin/systemctl")
        try await shell("systemctl start attache")
    }

    deinit {
        // Nobody waits for it any more.
        guard let text = try? String(contentsOfFile: root.appending("run/pid"), encoding: .utf8) else { return }
        if let pid = pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)) { kill(pid, SIGKILL) }
    }

    private static let systemctl = """
        #!/bin/bash
        set -eu
        case $1 in
            start)
                : > "$ROOT/run/log"
                attache serve --data "$ROOT/data" --listen 127.0.0.1:0 --socket "$ATTACHE_SOCKET" \\
                    --agent-socket "$ROOT/run/agent.sock" --master-key-file "$ROOT/etc/master.key" \\
                    --backups-folder "$BACKUPS" > "$ROOT/run/log" 2>&1 < /dev/null &
                echo $! > "$ROOT/run/pid"
                timeout 60 grep -q -m 1 '^ready$' <(tail -n +1 -f --pid=$! "$ROOT/run/log")
                sed -n 's,^listening http://,,p' "$ROOT/run/log" > "$ROOT/run/address"
                ;;
            stop)
                kill "$(cat "$ROOT/run/pid")"
                timeout 60 tail -f --pid="$(cat "$ROOT/run/pid")" /dev/null
                ;;
        esac
        """

    private func write(_ text: String, to name: String) throws {
        try betweenSpawns {
            try Data(text.utf8).write(to: URL(fileURLWithPath: root.appending(name)))
            chmod(root.appending(name), 0o755)
        }
    }

    private var environment: [String: String] {
        let address = (try? String(contentsOfFile: root.appending("run/address"), encoding: .utf8)) ?? ""
        return [
            "ROOT": root.path, "BACKUPS": root.appending("backups"), "HOME": root.appending("root"),
            "PATH": "\(root.appending("bin")):/usr/sbin:/usr/bin:/sbin:/bin",
            "ATTACHE_SOCKET": root.appending("run/attache.sock"),
            "ATTACHE_BACKUPS_FOLDER": root.appending("backups"),
            "ATTACHE_MASTER_KEY_FILE": root.appending("etc/master.key"),
            "ADDRESS": address.trimmingCharacters(in: .whitespacesAndNewlines),
        ]
    }

    /// Runs lines of a shell, each of which must succeed.
    func shell(_ lines: String, environment extra: [String: String] = [:], input: String = "") async throws {
        let result = try await run(
            "/bin/bash",
            ["-euo", "pipefail", "-c", lines],
            environment: environment.merging(extra) { $1 },
            input: Array(input.utf8),
            deadline: .seconds(120)
        )
        #expect(result.status == 0, "\(lines)\n\(result.output)\(result.errors)")
    }

    func attache(_ arguments: String...) async throws -> CommandResult {
        try await run(Programs.attache, arguments, environment: environment)
    }

    func keys() async throws -> KeysBody { try await attache("keys", "status", "--json").json(KeysBody.self) }

    /// Puts something into the vault, and a person if one is named.
    func prepare(user: String? = nil) async throws {
        try await shell("printf 'value of KEPT' | attache secrets create KEPT")
        guard let user else { return }
        try await shell(
            "printf 'correct horse \(user) staple' | attache users create \(user)@example.org --name \(user) --password-file -"
        )
    }

    func checkNothingIsLost() async throws {
        let verified = try await attache("keys", "verify", "--json")
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        #expect(try await attache("audit", "verify").status == 0)
        let secret = try await attache("secrets", "show", "KEPT", "--json").json(SecretBody.self)
        #expect(secret.intact)
    }

    /// Runs every block of a page that is marked as a shell's, in order.
    ///
    /// `replacing` puts what this machine has in the place of the page's examples. The line that starts a server by hand
    /// is passed over: one runs already.
    func follow(
        _ page: String,
        replacing examples: [String: String] = [:],
        environment: [String: String] = [:],
        input: String = ""
    ) async throws {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = repository.appendingPathComponent("docs/operate/\(page)")
        let blocks = Self.blocks(of: try String(contentsOf: file, encoding: .utf8))
        #expect(!blocks.isEmpty)
        let places = [
            "/etc/attache/": "\(path("etc"))/", "/var/lib/attache": path("data"), "/root/": "\(path("root"))/",
            "/srv/attache-backups": path("backups"), "chown -R attache:": "chown -R \"$(id -un)\":",
        ]
        for block in blocks {
            var lines = block
            for (example, own) in examples.sorted(by: { $0.key.count > $1.key.count }) {
                lines = lines.replacing(example, with: own)
            }
            for (place, own) in places { lines = lines.replacing(place, with: own) }
            let commands = lines.split(separator: "\n").filter { !$0.hasPrefix("attache serve ") }
            try await shell(commands.joined(separator: "\n"), environment: environment, input: input)
        }
    }

    static func blocks(of page: String) -> [String] {
        var blocks: [String] = []
        var block: [Substring]?
        for line in page.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.drop { $0 == " " }
            if block == nil, text == "```sh" {
                block = []
            } else if let lines = block, text == "```" {
                blocks.append(lines.joined(separator: "\n"))
                block = nil
            } else {
                block?.append(text)
            }
        }
        return blocks
    }
}
