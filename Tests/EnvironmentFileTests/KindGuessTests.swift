// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing
import VaultModel

struct KindGuessTests {
    static let table: [(name: String, value: String, kind: EntryKind, reason: KindGuess.Reason, provider: String?)] = [
        ("ANY", "sk-ant-api03-xxxx", .secret, .keyFormat, "anthropic"),
        ("ANY", "sk-or-v1-xxxx", .secret, .keyFormat, "openrouter"),
        ("ANY", "sk-xxxx", .secret, .keyFormat, "openai"),
        ("ANY", "ghp_xxxx", .secret, .keyFormat, "github"),
        ("ANY", "xoxb-1", .secret, .keyFormat, "slack"),
        ("DATABASE_URL", "postgres://u:p#$@h/db", .secret, .urlWithCredentials, nil),
        ("API_KEY", "true", .secret, .secretName, nil),
        ("db_password", "x", .secret, .secretName, nil),
        ("SENTRY_DSN", "https://h/1", .secret, .secretName, nil),
        ("FEATURE", "true", .variable, .plainSetting, nil),
        ("PORT", "8080", .variable, .plainSetting, nil),
        ("LOG_LEVEL", "info", .variable, .plainSetting, nil),
        ("BASE_URL", "https://example.test/path", .variable, .plainAddress, nil),
        ("REDIS", "cache.internal:6379", .variable, .plainAddress, nil),
        ("CALLBACK", "https://example.test/?sig=abc", .secret, .unknown, nil),
        ("THING", "abcdef0123", .secret, .unknown, nil),
        ("EMPTY", "", .secret, .unknown, nil),
    ]

    @Test(arguments: table)
    func aGuessFollowsTheTable(
        row: (name: String, value: String, kind: EntryKind, reason: KindGuess.Reason, provider: String?)
    ) throws {
        let value = SecretBytes(copying: Array(row.value.utf8))
        let guess = KindGuess(name: try EnvironmentName(row.name), value: value)
        #expect(guess.kind == row.kind)
        #expect(guess.reason == row.reason)
        #expect(guess.provider?.text == row.provider)
    }
}
