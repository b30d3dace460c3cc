// SPDX-License-Identifier: Apache-2.0

/// Who is asking, as established by the surface that the request came through.
///
/// A caller is a claim about identity, not a permission: the vault looks the membership or the token up again, in the
/// transaction that acts on it.
package enum Caller: Hashable, Sendable {
    /// The machine's operator, known by the credentials of the peer of the operator's socket.
    ///
    /// `in` is the id or the name of one of the operator's workspaces; without it, the personal one.
    case localOperator(uid: UInt32, in: String? = nil)
    /// A person who has logged in; `in` is as with the operator.
    case session(SessionID, in: String? = nil)
    /// The holder of a workspace key `ak_ws_…`.
    case workspaceKey(TokenID, in: WorkspaceID)
}
