// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What a name says about the value.
struct NameForm {
    private let name: String
    private let words: [Substring]

    init(_ name: EnvironmentName) {
        self.name = name.text.uppercased()
        words = self.name.split(separator: "_")
    }

    /// Whether the name has a part that names of secrets have.
    var isSecret: Bool {
        Self.secretParts.contains { name.utf8.contains($0.utf8) } || words.contains { Self.secretWords.contains($0) }
    }

    /// Whether the name is one of plain configuration.
    var isPublic: Bool {
        Self.publicNames.contains(name) || words.count > 1 && words.last.map(Self.publicLastWords.contains) == true
    }

    /// Counted anywhere in a name, as in `PGPASSWORD` and `APIKEY`.
    private static let secretParts = ["KEY", "TOKEN", "SECRET", "PASS", "PWD", "DSN", "PRIVATE", "CREDENTIAL"]

    /// Counted only as a word between underscores, as other words have them as parts.
    private static let secretWords: Set<Substring> = [
        "AUTH", "BEARER", "COOKIE", "CREDS", "JWT", "OAUTH", "OTP", "PIN", "SALT", "SEED", "SIGNATURE", "SIGNING",
        "WEBHOOK",
    ]

    private static let publicNames: Set<String> = [
        "DEBUG", "ENVIRONMENT", "HOST", "HOSTNAME", "LANG", "LANGUAGE", "LC_ALL", "LOGLEVEL", "LOG_FORMAT", "LOG_LEVEL",
        "PORT", "REGION", "STAGE", "TERM", "TZ",
    ]

    /// As in `NODE_ENV`, `AWS_REGION`, `APP_LOG_LEVEL`, `DB_HOST`.
    private static let publicLastWords: Set<Substring> = [
        "ENABLED", "ENV", "FORMAT", "HOST", "HOSTNAME", "LEVEL", "LOCALE", "PORT", "REGION", "TIMEOUT", "TIMEZONE",
    ]
}
