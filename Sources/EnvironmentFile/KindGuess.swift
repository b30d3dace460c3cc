// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Whether a name and its value look like a secret, and why.
package struct KindGuess: Equatable, Sendable {
    /// The rule that decided; its raw value is part of the interface.
    package enum Reason: String, CaseIterable, Sendable {
        /// The name has a word such as KEY, TOKEN or PASSWORD.
        case secretName = "secret_name"
        /// The value begins as the keys of a known provider do.
        case keyFormat = "key_format"
        /// The value is a URL with a user or a password.
        case urlWithCredentials = "url_with_credentials"
        /// The value is a switch, a small number or a common word of configuration.
        case plainSetting = "plain_setting"
        /// The value is a URL, or a host with a port, without credentials.
        case plainAddress = "plain_address"
        /// Nothing was recognized: what is unknown is kept as a secret.
        case unknown
    }

    package let kind: EntryKind
    package let reason: Reason
    /// The provider whose key format was recognized.
    package let provider: ProviderID?

    package init(name: EnvironmentName, value: borrowing SecretBytes) {
        let form = value.withBytes { ValueForm($0) }
        let upper = name.text.uppercased()
        if let provider = form.provider {
            self.init(.secret, .keyFormat, provider: provider)
        } else if form.isURLWithCredentials {
            self.init(.secret, .urlWithCredentials)
        } else if Self.secretWords.contains(where: { upper.contains($0) }) {
            self.init(.secret, .secretName)
        } else if form.isPlainSetting {
            self.init(.variable, .plainSetting)
        } else if form.isPlainAddress {
            self.init(.variable, .plainAddress)
        } else {
            self.init(.secret, .unknown)
        }
    }

    private init(_ kind: EntryKind, _ reason: Reason, provider: ProviderID? = nil) {
        self.kind = kind
        self.reason = reason
        self.provider = provider
    }

    private static let secretWords = [
        "KEY", "TOKEN", "SECRET", "PASS", "PWD", "DSN", "PRIVATE", "CREDENTIAL", "AUTH", "COOKIE", "SALT", "SIGNATURE",
    ]
}

/// What a value looks like, without keeping any of it.
private struct ValueForm {
    let provider: ProviderID?
    let isURLWithCredentials: Bool
    let isPlainSetting: Bool
    let isPlainAddress: Bool

    init(_ bytes: UnsafeRawBufferPointer) {
        provider = Self.keyFormats.first { bytes.starts(with: $0.prefix) }.flatMap { ProviderID($0.provider) }
        let scheme = Self.endOfScheme(bytes)
        if let scheme {
            let authority = bytes[scheme...].prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            // An `@` after the first slash may belong to a password that was not encoded.
            isURLWithCredentials = bytes[scheme...].contains(UInt8(ascii: "@"))
            isPlainAddress = !isURLWithCredentials && !authority.isEmpty && !bytes.contains(UInt8(ascii: "?"))
        } else {
            isURLWithCredentials = false
            isPlainAddress = Self.isHostAndPort(bytes)
        }
        isPlainSetting = Self.isSetting(bytes)
    }

    /// Longer prefixes stand before the shorter ones that they begin with.
    private static let keyFormats: [(prefix: [UInt8], provider: String)] = [
        ("sk-ant-", "anthropic"), ("sk-or-", "openrouter"), ("sk-proj-", "openai"), ("sk-", "openai"),
        ("gsk_", "groq"), ("ghp_", "github"), ("github_pat_", "github"), ("xoxb-", "slack"), ("xoxp-", "slack"),
        ("r8_", "replicate"), ("pplx-", "perplexity"), ("tvly-", "tavily"), ("AKIA", "aws"), ("AIza", "google"),
        ("sk_live_", "stripe"), ("sk_test_", "stripe"), ("hf_", "huggingface"),
    ].map { (Array($0.0.utf8), $0.1) }

    private static let settings: Set<String> = [
        "true", "false", "yes", "no", "on", "off", "debug", "info", "notice", "warn", "warning", "error", "trace",
        "production", "development", "staging", "test", "local", "utc", "none",
    ]

    private static func isSetting(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard !bytes.isEmpty, bytes.count <= 16 else { return false }
        if bytes.count <= 6, bytes.allSatisfy({ (0x30...0x39).contains($0) }) { return true }
        return settings.contains(String(decoding: bytes, as: UTF8.self).lowercased())
    }

    private static func endOfScheme(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let colon = bytes.prefix(32).firstIndex(of: Byte.colon), colon > 0,
            bytes[colon...].starts(with: Array("://".utf8))
        else { return nil }
        return colon + 3
    }

    private static func isHostAndPort(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let colon = bytes.lastIndex(of: Byte.colon), colon > 0, colon + 1 < bytes.count else { return false }
        let isPort = bytes[(colon + 1)...].allSatisfy { (0x30...0x39).contains($0) } && bytes.count - colon <= 6
        return isPort
            && bytes[..<colon].allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == UInt8(ascii: ".")
                    || byte == UInt8(ascii: "-")
            }
    }
}
