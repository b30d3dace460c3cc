// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Whether a name and its value look like a secret, and why.
///
/// What is not clearly public is a secret: a wrong guess must not show a value.
package struct KindGuess: Equatable, Sendable {
    /// The rule that decided; its raw value is part of the interface.
    package enum Reason: String, CaseIterable, Sendable {
        /// The value begins as the keys of a known issuer do.
        case keyFormat = "key_format"
        /// The value is a URL with a user or a password.
        case urlWithCredentials = "url_with_credentials"
        /// The name has a word such as KEY, TOKEN or PASSWORD.
        case secretName = "secret_name"
        /// The value is a switch, a small number or a common word of configuration.
        case plainSetting = "plain_setting"
        /// The value is a URL, or a host with a port, with nothing in it that could be a credential.
        case plainAddress = "plain_address"
        /// The name is one that configuration has, such as LOG_LEVEL, and the value one word.
        case publicName = "public_name"
        /// Nothing was recognized.
        case unknown
    }

    package let kind: EntryKind
    package let reason: Reason
    /// The AI provider whose key this seems to be, by its format or, where that says nothing, by its name.
    package let provider: ProviderID?

    package init(name: EnvironmentName, value: borrowing SecretBytes) {
        self = value.withBytes { Self(name: name, form: NameForm(name), value: ValueForm($0)) }
    }

    /// The rules, the first that applies first: those that find a secret stand before those that find none.
    private init(name: EnvironmentName, form: NameForm, value: ValueForm) {
        let format = value.keyFormat
        (kind, reason) =
            if format != nil {
                (.secret, .keyFormat)
            } else if value.isURLWithCredentials {
                (.secret, .urlWithCredentials)
            } else if form.isSecret {
                (.secret, .secretName)
            } else if value.isSetting {
                (.variable, .plainSetting)
            } else if value.isAddress {
                (.variable, .plainAddress)
            } else if form.isPublic, value.isWord {
                (.variable, .publicName)
            } else {
                (.secret, .unknown)
            }
        if let format, !format.isShared {
            provider = format.provider
        } else {
            let named = kind == .secret ? KnownProviderName.of(name)?.provider : nil
            provider = named ?? format?.provider
        }
    }
}
