// SPDX-License-Identifier: Apache-2.0

import EnvironmentFile
import Testing
import VaultModel

struct KindGuessTests {
    static let secrets: [(name: String, value: String, reason: KindGuess.Reason)] = [
        ("ANY", "sk-ant-api03-xxxx", .keyFormat),
        ("LOG_LEVEL", "ghp_xxxx", .keyFormat),
        ("URL", "https://hooks.slack.com/services/T0/B0/xxxx", .keyFormat),
        ("ANY", "eyJhbGciOiJIUzI1NiJ9.e30.x", .keyFormat),

        ("DATABASE_URL", "postgres://u:p#$@h/db", .urlWithCredentials),
        ("REDIS_URL", "redis://:p@cache:6379/0", .urlWithCredentials),
        ("BASE_URL", "https://user@example.test/", .urlWithCredentials),
        ("X", "mongodb+srv://u:p/w@h/db", .urlWithCredentials),

        ("API_KEY", "true", .secretName),
        ("APIKEY", "1", .secretName),
        ("db_password", "x", .secretName),
        ("PGPASSFILE", "local", .secretName),
        ("SENTRY_DSN", "https://h/1", .secretName),
        ("ADMIN_PWD", "test", .secretName),
        ("CLIENT_SECRET", "8080", .secretName),
        ("ACCESS_TOKEN", "x", .secretName),
        ("PRIVATE_THING", "x", .secretName),
        ("AWS_CREDENTIALS", "x", .secretName),
        ("LOGIN_PIN", "1234", .secretName),
        ("OTP", "123456", .secretName),
        ("SLACK_WEBHOOK_URL", "https://example.test/hook", .secretName),

        ("CALLBACK", "https://example.test/?sig=abc", .unknown),
        ("URL", "https://example.test/services/0123456789abcdefghij", .unknown),
        ("URL", "https://", .unknown),
        ("THING", "abcdef0123", .unknown),
        ("NUMBER", "1234567", .unknown),
        ("VERSION", "1.2.3", .unknown),
        ("UNIT", "12ab", .unknown),
        ("EMPTY", "", .unknown),
        ("PORT", "", .unknown),
        ("NODE_ENV", "two words", .unknown),
        ("NODE_ENV", "0123456789abcdefghij", .unknown),
        ("SHOUT", "TRUE!", .unknown),
        ("PAIR", "user name:1", .unknown),
        ("PAIR", "host:123456", .unknown),
        ("ANY", "sk-", .unknown),
    ]

    @Test(arguments: secrets)
    func whatMayBeASecretIsOne(name: String, value: String, reason: KindGuess.Reason) throws {
        let guess = try guess(name, value)
        #expect(guess.kind == .secret)
        #expect(guess.reason == reason)
    }

    static let variables: [(name: String, value: String, reason: KindGuess.Reason)] = [
        ("FEATURE", "true", .plainSetting),
        ("FEATURE", "OFF", .plainSetting),
        ("PORT", "8080", .plainSetting),
        ("OFFSET", "-1", .plainSetting),
        ("RATIO", "0.75", .plainSetting),
        ("WAIT", "30s", .plainSetting),
        ("SIZE", "512MiB", .plainSetting),
        ("LOG_LEVEL", "info", .plainSetting),
        ("BASE_URL", "https://example.test/path", .plainAddress),
        ("BASE_URL", "http://10.0.0.1:8080", .plainAddress),
        ("DB", "postgres://db.internal/app", .plainAddress),
        ("REDIS", "cache.internal:6379", .plainAddress),
        ("BROKERS", "k1:9092,k2:9092", .plainAddress),
        ("AWS_REGION", "eu-west-3", .publicName),
        ("TZ", "Europe/Paris", .publicName),
        ("APP_LOG_LEVEL", "chatty", .publicName),
        ("DB_HOST", "db.internal", .publicName),
        ("node_env", "qa", .publicName),
    ]

    @Test(arguments: variables)
    func whatIsClearlyPublicIsAVariable(name: String, value: String, reason: KindGuess.Reason) throws {
        let guess = try guess(name, value)
        #expect(guess.kind == .variable)
        #expect(guess.reason == reason)
        #expect(guess.provider == nil)
    }

    @Test func everyReasonIsGiven() {
        let given = Set((Self.secrets + Self.variables).map(\.reason))
        #expect(KindGuess.Reason.allCases.filter { !given.contains($0) } == [])
    }

    @Test(arguments: [
        ("MISTRAL_API_KEY", "0123456789abcdef", "mistral"), ("my_groq_token", "x", "groq"),
        ("DEEPSEEK_API_KEY", "sk-0123456789abcdef", "deepseek"), ("OPENAI_API_KEY", "sk-proj-0123", "openai"),
        ("OPENAI_API_KEY", "sk-ant-0123", "anthropic"), ("OPENAI_API_KEY", "sk-or-0123", "openrouter"),
        ("MY_KEY", "sk-0123", "openai"), ("OPENAI_API_KEY", "ghp_0123", nil), ("OPENAI_WEBHOOK_SECRET", "x", nil),
        ("OPENAI_KEY_PATH", "x", nil), ("KEY", "x", nil), ("OPENAI", "x", nil), ("NOTOPENAI_KEY", "x", nil),
        ("GROQ_API_KEY", "", "groq"),
    ])
    func aNameTellsTheProviderWhereTheFormatDoesNot(name: String, value: String, provider: String?) throws {
        #expect(try guess(name, value).provider?.text == provider)
    }

    @Test func everyNameOfAProviderIsOneWordAndThereOnce() {
        let words = KnownProviderName.all.map(\.word)
        #expect(words.count > 30)
        #expect(Set(words).count == words.count)
        #expect(words.allSatisfy { $0 == $0.uppercased() && !$0.contains("_") })
    }

    static let formats: [(value: String, issuer: String, provider: String?)] = [
        ("sk-ant-api03-x", "anthropic", "anthropic"),
        ("sk-or-v1-x", "openrouter", "openrouter"),
        ("sk-proj-x", "openai", "openai"),
        ("sk-x", "openai", "openai"),
        ("sk-lf-x", "langfuse", nil),
        ("gsk_x", "groq", "groq"),
        ("ghp_x", "github", nil),
        ("xoxb-1", "slack", nil),
        ("sk_live_x", "stripe", nil),
        ("AKIAX", "aws", nil),
        ("ak_ws_x", "attache", nil),
    ]

    @Test(arguments: formats)
    func aKeyIsToldByItsLongestPrefix(value: String, issuer: String, provider: String?) throws {
        let format = SecretBytes(copying: Array(value.utf8)).withBytes { KnownKeyFormat.of($0) }
        #expect(format?.issuer == issuer)
        #expect(format?.provider?.text == provider)
        #expect(try guess("ANY", value).provider?.text == provider)
    }

    @Test(arguments: KnownKeyFormat.all.map(\.prefix))
    func everyFormatIsFoundByAValueOfItsOwn(prefix: String) {
        let found = SecretBytes(copying: Array((prefix + "0").utf8)).withBytes { KnownKeyFormat.of($0) }
        #expect(found?.prefix == prefix)
        #expect(KnownKeyFormat.all.count { $0.prefix == prefix } == 1)
    }

    private func guess(_ name: String, _ value: String) throws -> KindGuess {
        KindGuess(name: try EnvironmentName(name), value: SecretBytes(copying: Array(value.utf8)))
    }
}
