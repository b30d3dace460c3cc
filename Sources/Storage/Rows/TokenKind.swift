// SPDX-License-Identifier: Apache-2.0

/// What a token is for.
package enum TokenKind: String, CaseIterable, Sendable {
    case workspaceKey = "workspace_key"
    case gateway
    case session
    case proxy
}
