// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// An invitation into a workspace, its link known by the digest of its token only.
package struct InvitationRow: Equatable, Sendable {
    package var id: InvitationID
    package var workspaceID: WorkspaceID
    package var email: String
    package var role: Role
    package var digest: [UInt8]
    package var invitedBy: UserID
    package var createdAt: Timestamp
    package var expiresAt: Timestamp
    package var endedAt: Timestamp?
    package var endReason: InvitationEndReason?
    package var acceptedBy: UserID?
    package var rowCode: [UInt8]

    package init(
        id: InvitationID,
        workspaceID: WorkspaceID,
        email: String,
        role: Role,
        digest: [UInt8],
        invitedBy: UserID,
        createdAt: Timestamp,
        expiresAt: Timestamp,
        endedAt: Timestamp?,
        endReason: InvitationEndReason?,
        acceptedBy: UserID?,
        rowCode: [UInt8]
    ) {
        self.id = id
        self.workspaceID = workspaceID
        self.email = email
        self.role = role
        self.digest = digest
        self.invitedBy = invitedBy
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.endedAt = endedAt
        self.endReason = endReason
        self.acceptedBy = acceptedBy
        self.rowCode = rowCode
    }
}

extension InvitationRow: StoredRow {
    static let table = "invitations"
    static let columns = [
        "id", "workspace_id", "email", "role", "digest", "invited_by", "created_at", "expires_at", "ended_at",
        "end_reason", "accepted_by", "row_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            workspaceID: try row.id(1),
            email: try row.text(2),
            role: try row.choice(3),
            digest: try row.blob(4),
            invitedBy: try row.id(5),
            createdAt: try row.time(6),
            expiresAt: try row.time(7),
            endedAt: try row.optionalTime(8),
            endReason: try row.optionalChoice(9),
            acceptedBy: try row.optionalID(10),
            rowCode: try row.blob(11)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(workspaceID.text),
            .text(email),
            .text(role.rawValue),
            .blob(digest),
            .text(invitedBy.text),
            .integer(createdAt.milliseconds),
            .integer(expiresAt.milliseconds),
            SQLValue(integer: endedAt?.milliseconds),
            SQLValue(text: endReason?.rawValue),
            SQLValue(text: acceptedBy?.text),
            .blob(rowCode),
        ]
    }
}
