// SPDX-License-Identifier: Apache-2.0

import EnginePlugins
import Testing

struct UnitCredentialTests {
    @Test(arguments: [
        ("web.service/DATABASE_URL", "web", "DATABASE_URL"), ("web@eu.service/TOKEN", "web", "TOKEN"),
        ("web.service/bot.TOKEN", "bot", "TOKEN"), ("a.b.service/my.agent.TOKEN", "my.agent", "TOKEN"),
        ("backup-db.timer/TOKEN", "backup-db", "TOKEN"), ("web.service/.TOKEN", "", "TOKEN"),
    ])
    func aNameOfSystemdsSaysWhoseValueItIs(name: String, agent: String, entry: String) throws {
        let wanted = try #require(UnitCredential(socketName: [0] + Array("bb4297e809124c4b/unit/\(name)".utf8)))
        #expect(wanted.agent == agent)
        #expect(wanted.entry == entry)
        #expect("\(wanted.unit)/\(wanted.credential)" == name)
    }

    @Test(arguments: [
        "", "\0", "/run/x.sock", "\0bb/unit/web.service", "\0bb/unit/web.service/", "\0bb/unit//TOKEN",
        "\0/unit/web.service/TOKEN", "\0xyz/unit/web.service/TOKEN", "\0bb/user/web.service/TOKEN",
        "\0bb/unit/web.service/TOKEN/more", "bb/unit/web.service/TOKEN",
    ])
    func anyOtherNameIsNone(name: String) {
        #expect(UnitCredential(socketName: Array(name.utf8)) == nil)
    }

    @Test func aNameThatIsNoTextIsNone() {
        #expect(UnitCredential(socketName: [0] + Array("bb/unit/web.service/".utf8) + [0xFF]) == nil)
    }
}
