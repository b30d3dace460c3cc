// SPDX-License-Identifier: Apache-2.0

/// One AI capability: a tile of the console.
package enum ProviderCategory: String, CaseIterable, Sendable {
    case llm, image, video, audio, research
}

/// How a credential of a provider is made.
package enum ProviderConnection: String, CaseIterable, Sendable {
    case apiKey = "api_key"
    case oauth
    case setupToken = "setup_token"
    case hosted
    case custom
}
