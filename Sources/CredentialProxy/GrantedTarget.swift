// SPDX-License-Identifier: Apache-2.0

internal import ProxyRules
internal import VaultCore

/// A target's URL as one grant leads there, with what follows from both for every request.
final class GrantedTarget: Sendable {
    let url: TargetURL
    /// Where connections to it rest.
    let key: ConnectionPool.Key
    /// For the audit trail.
    let redacted: String
    /// The path and the query as they are sent, but for what the credential adds.
    let uri: String
    /// Whether a token of the vault is in it.
    let holdsToken: Bool

    init(_ url: TargetURL, of grant: ProxyGrant) {
        self.url = url
        key = ConnectionPool.Key(grant, url)
        redacted = url.redacted
        let query = RenderedCredential.query(url.query, without: grant.presentation.parameter)
        uri = query.map { "\(url.path)?\($0)" } ?? url.path
        holdsToken = HeaderRules.holdsToken(url.path) || HeaderRules.holdsToken(url.query ?? "")
    }
}
