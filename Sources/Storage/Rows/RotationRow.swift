// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What is rotated.
package enum RotationKind: String, Sendable {
    /// The epoch key, and with it everything that is sealed or coded.
    case epoch
    /// The salt of one user in one workspace.
    case user
}

/// How far a rotation has come; each phase begins in the transaction that makes its beginning true.
package enum RotationPhase: String, Sendable {
    /// The next epoch is not in the ring yet. Next: `activating`.
    case adding
    /// The next epoch opens and verifies. Next: `resealing`.
    case activating
    /// New keys seal; what the old ones sealed is being sealed anew. Next: `verifying`.
    case resealing
    /// Everything is being opened and verified. Next: `retiring`, `incomplete`.
    case verifying
    /// Nothing was found damaged. Next: `done`, `incomplete`.
    case retiring
    /// Final.
    case done
    /// Something still needs the old keys, which therefore stay. Next, when it is started again: `resealing`.
    case incomplete
}

/// One rotation of keys and its state, so that it goes on after the server was killed.
package struct RotationRow: Equatable, Sendable {
    package var id: RotationID
    package var kind: RotationKind
    /// In whose audit trail it is recorded; of a user, where the user's salt is.
    package var workspaceID: WorkspaceID
    package var userID: UserID?
    /// The epoch that is being moved to.
    package var epoch: Int64?
    package var phase: RotationPhase
    /// The kind of rows that is worked on, and the last of them that is done.
    package var place: String?
    package var position: String?
    package var done: Int64
    package var total: Int64
    package var damaged: Int64
    package var startedAt: Timestamp
    package var updatedAt: Timestamp
    package var endedAt: Timestamp?

    package init(
        id: RotationID,
        kind: RotationKind,
        workspaceID: WorkspaceID,
        userID: UserID?,
        epoch: Int64?,
        phase: RotationPhase,
        place: String?,
        position: String?,
        done: Int64,
        total: Int64,
        damaged: Int64,
        startedAt: Timestamp,
        updatedAt: Timestamp,
        endedAt: Timestamp?
    ) {
        self.id = id
        self.kind = kind
        self.workspaceID = workspaceID
        self.userID = userID
        self.epoch = epoch
        self.phase = phase
        self.place = place
        self.position = position
        self.done = done
        self.total = total
        self.damaged = damaged
        self.startedAt = startedAt
        self.updatedAt = updatedAt
        self.endedAt = endedAt
    }
}

extension RotationRow: StoredRow {
    static let table = "key_rotations"
    static let columns = [
        "id", "kind", "workspace_id", "user_id", "epoch", "phase", "place", "position", "done", "total", "damaged",
        "started_at", "updated_at", "ended_at",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            id: try row.id(0),
            kind: try row.choice(1),
            workspaceID: try row.id(2),
            userID: try row.optionalID(3),
            epoch: try row.optionalInteger(4),
            phase: try row.choice(5),
            place: try row.optionalText(6),
            position: try row.optionalText(7),
            done: try row.integer(8),
            total: try row.integer(9),
            damaged: try row.integer(10),
            startedAt: try row.time(11),
            updatedAt: try row.time(12),
            endedAt: try row.optionalTime(13)
        )
    }

    var values: [SQLValue] {
        [
            .text(id.text),
            .text(kind.rawValue),
            .text(workspaceID.text),
            SQLValue(text: userID?.text),
            SQLValue(integer: epoch),
            .text(phase.rawValue),
            SQLValue(text: place),
            SQLValue(text: position),
            .integer(done),
            .integer(total),
            .integer(damaged),
            .integer(startedAt.milliseconds),
            .integer(updatedAt.milliseconds),
            SQLValue(integer: endedAt?.milliseconds),
        ]
    }
}
