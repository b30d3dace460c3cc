// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The answer to `GET /keys`: which keys there are, and how far the last rotation is.
package struct KeysBody: Codable, Equatable, Sendable {
    /// The master keys that open the vault: two while one is being replaced.
    package var masterKeys: [MasterKeyBody]
    package var epochs: [EpochBody]
    /// The rotation that was begun last.
    package var rotation: RotationBody?

    package init(masterKeys: [MasterKeyBody], epochs: [EpochBody], rotation: RotationBody?) {
        self.masterKeys = masterKeys
        self.epochs = epochs
        self.rotation = rotation
    }
}

/// A master key that opens the vault.
package struct MasterKeyBody: Codable, Equatable, Sendable {
    package var id: String
    /// Since when it opens the vault in its present form.
    package var wrappedAt: Timestamp
    /// Whether the server's key file holds it now; absent when that cannot be told.
    package var inKeyFile: Bool?

    package init(id: String, wrappedAt: Timestamp, inKeyFile: Bool?) {
        self.id = id
        self.wrappedAt = wrappedAt
        self.inKeyFile = inKeyFile
    }
}

/// An epoch of the key ring.
package struct EpochBody: Codable, Equatable, Sendable {
    package var number: UInt32
    /// `readable`, `active` or `retired`.
    package var state: String

    package init(number: UInt32, state: String) {
        self.number = number
        self.state = state
    }
}

/// A rotation of the epoch or of one user's keys.
package struct RotationBody: Codable, Equatable, Sendable {
    package var id: String
    /// `epoch` or `user`.
    package var kind: String
    /// `adding`, `activating`, `resealing`, `verifying`, `retiring`, `done` or `incomplete`.
    package var phase: String
    /// The epoch that is being moved to.
    package var epoch: Int64?
    /// The user whose keys are replaced.
    package var userId: String?
    /// Rows that were worked on, each once for sealing and once for verifying.
    package var done: Int64
    package var total: Int64
    /// Rows that do not verify and were left as they are.
    package var damaged: Int64
    package var startedAt: Timestamp
    package var updatedAt: Timestamp
    package var endedAt: Timestamp?
    package var rowsPerSecond: Int64?
    package var secondsLeft: Int64?

    package init(
        id: String,
        kind: String,
        phase: String,
        epoch: Int64?,
        userId: String?,
        done: Int64,
        total: Int64,
        damaged: Int64,
        startedAt: Timestamp,
        updatedAt: Timestamp,
        endedAt: Timestamp?,
        rowsPerSecond: Int64?,
        secondsLeft: Int64?
    ) {
        self.id = id
        self.kind = kind
        self.phase = phase
        self.epoch = epoch
        self.userId = userId
        self.done = done
        self.total = total
        self.damaged = damaged
        self.startedAt = startedAt
        self.updatedAt = updatedAt
        self.endedAt = endedAt
        self.rowsPerSecond = rowsPerSecond
        self.secondsLeft = secondsLeft
    }
}

/// The body of `POST /keys/rotations`.
package struct RotateKeysBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case kind, user }

    /// `epoch` or `user`.
    package var kind: String
    /// The user's id or name, with `user`.
    package var user: String?

    package init(kind: String, user: String? = nil) {
        self.kind = kind
        self.user = user
    }
}

/// The body of `POST /keys/master`: a second master key that is to open the vault.
package struct AddMasterKeyBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case key }

    /// 64 hexadecimal digits, as they stand in the key's file.
    package var key: SecretText

    package init(key: SecretText) {
        self.key = key
    }
}

/// The body of `POST /keys/shred`.
package struct ShredUserBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case user }

    /// The user's id or name.
    package var user: String

    package init(user: String) {
        self.user = user
    }
}

/// What was destroyed with a user's keys.
package struct ShreddedBody: Codable, Equatable, Sendable {
    package var userId: String
    /// How many entries were the user's.
    package var entries: Int
    /// How many sessions of the user ended.
    package var sessions: Int
    /// How many workspace keys that the user had made ended.
    package var keys: Int

    package init(userId: String, entries: Int, sessions: Int, keys: Int) {
        self.userId = userId
        self.entries = entries
        self.sessions = sessions
        self.keys = keys
    }
}

/// What a verification of the whole vault found.
package struct VerificationBody: Codable, Equatable, Sendable {
    package var intact: Bool
    /// Rows whose codes were verified.
    package var rows: Int64
    /// Sealed records that were opened.
    package var records: Int64
    /// Audit chains, and their entries.
    package var chains: Int64
    package var auditEntries: Int64
    /// What is wrong, at most 1,000 lines; never a part of a value.
    package var problems: [String]
    package var milliseconds: Int64

    package init(
        intact: Bool,
        rows: Int64,
        records: Int64,
        chains: Int64,
        auditEntries: Int64,
        problems: [String],
        milliseconds: Int64
    ) {
        self.intact = intact
        self.rows = rows
        self.records = records
        self.chains = chains
        self.auditEntries = auditEntries
        self.problems = problems
        self.milliseconds = milliseconds
    }
}
