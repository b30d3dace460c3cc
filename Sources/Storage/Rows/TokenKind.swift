// SPDX-License-Identifier: Apache-2.0

/// What a token is for.
package enum TokenKind: String, CaseIterable, Sendable {
    case workspaceKey = "workspace_key"
    case gateway
    case session
    case proxy
    /// What stands for a container that its engine vouches for; nobody holds it.
    case container
}
