// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// How the keys of one issuer begin.
package struct KnownKeyFormat: Sendable {
    package let prefix: String
    /// Who issues such keys.
    package let issuer: String
    /// The provider to suggest for a credential of this form; nil for what is not an AI provider's.
    package let provider: ProviderID?

    /// Whether several issuers use the prefix, so that a name may know better.
    package var isShared: Bool { prefix == "sk-" }

    /// The format with the longest prefix that `value` begins with, if anything follows it.
    package static func of(_ value: UnsafeRawBufferPointer) -> Self? {
        all.filter { value.count > $0.prefix.utf8.count && value.starts(with: $0.prefix.utf8) }
            .max { $0.prefix.utf8.count < $1.prefix.utf8.count }
    }

    package static let all: [Self] =
        providers.map { Self(prefix: $0, issuer: $1, provider: ProviderID($1)) }
        + issuers.map { Self(prefix: $0, issuer: $1, provider: nil) }

    /// AI providers.
    ///
    /// A suggestion only: several of them issue keys that begin with `sk-` and nothing more.
    private static let providers: [(prefix: String, provider: String)] = [
        ("csk-", "cerebras"),
        ("fw_", "fireworks"),
        ("gsk_", "groq"),
        ("hf_", "huggingface"),
        ("luma-", "luma"),
        ("nvapi-", "nvidia"),
        ("pplx-", "perplexity"),
        ("r8_", "replicate"),
        ("sk-", "openai"),
        ("sk-ant-", "anthropic"),
        ("sk-or-", "openrouter"),
        ("sk_car_", "cartesia"),
        ("tvly-", "tavily"),
        ("xai-", "xai"),
    ]

    private static let issuers: [(prefix: String, issuer: String)] = [
        ("AGE-SECRET-KEY-", "age"),
        ("AIza", "google"),
        ("AKIA", "aws"),
        ("ASIA", "aws"),
        ("SG.", "sendgrid"),
        ("ak_ws_", "attache"),
        ("dop_v1_", "digitalocean"),
        // The header of a JSON Web Token: `{"` in base64 (RFC 7519 §3.1).
        ("eyJ", "jwt"),
        ("ghp_", "github"),
        ("gho_", "github"),
        ("ghr_", "github"),
        ("ghs_", "github"),
        ("ghu_", "github"),
        ("github_pat_", "github"),
        ("glpat-", "gitlab"),
        ("gwt_", "attache"),
        ("https://discord.com/api/webhooks/", "discord"),
        ("https://hooks.slack.com/", "slack"),
        ("hvs.", "vault"),
        ("lin_api_", "linear"),
        ("npm_", "npm"),
        ("ntn_", "notion"),
        ("pxr_", "attache"),
        ("pypi-", "pypi"),
        ("rk_live_", "stripe"),
        ("rk_test_", "stripe"),
        ("shpat_", "shopify"),
        ("sk-lf-", "langfuse"),
        ("sk_live_", "stripe"),
        ("sk_test_", "stripe"),
        ("whsec_", "svix"),
        ("xapp-", "slack"),
        ("xoxb-", "slack"),
        ("xoxp-", "slack"),
        ("ya29.", "google"),
    ]
}
