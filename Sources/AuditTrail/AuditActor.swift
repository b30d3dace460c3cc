// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Who acted.
package enum AuditActor: Hashable, Sendable {
    /// The machine's operator, by the user id of the socket's peer.
    case localOperator(uid: UInt32)
    case workspaceKey(TokenID)
    /// An agent, and the token that it showed.
    case gateway(AgentID, TokenID)
    /// A person, and the session in which the person acted.
    case user(UserID, SessionID)
    /// The server itself.
    case server
    /// Somebody who showed a token that is none, or none at all.
    case nobody
}
