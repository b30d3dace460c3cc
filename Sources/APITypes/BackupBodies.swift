// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// A backup in the server's folder.
package struct BackupBody: Codable, Equatable, Sendable {
    package var name: String
    package var id: String
    package var createdAt: Timestamp
    package var bytes: Int64
    /// The master keys that open it.
    package var masterKeyIds: [String]

    package init(name: String, id: String, createdAt: Timestamp, bytes: Int64, masterKeyIds: [String]) {
        self.name = name
        self.id = id
        self.createdAt = createdAt
        self.bytes = bytes
        self.masterKeyIds = masterKeyIds
    }
}

/// A backup that is being made.
package struct BackupInProgressBody: Codable, Equatable, Sendable {
    package var id: String
    /// `waiting`, `copying` or `writing`.
    package var phase: String
    package var done: Int64
    package var total: Int64

    package init(id: String, phase: String, done: Int64, total: Int64) {
        self.id = id
        self.phase = phase
        self.done = done
        self.total = total
    }
}

/// Why the last backup was not made.
package struct BackupFailureBody: Codable, Equatable, Sendable {
    package var id: String
    package var at: Timestamp
    package var text: String

    package init(id: String, at: Timestamp, text: String) {
        self.id = id
        self.at = at
        self.text = text
    }
}

/// The server's backups, oldest first.
package struct BackupList: Codable, Equatable, Sendable {
    package var folder: String
    package var backups: [BackupBody]
    package var running: BackupInProgressBody?
    /// Present when the last backup that was tried was not made.
    package var lastFailure: BackupFailureBody?

    package init(
        folder: String,
        backups: [BackupBody],
        running: BackupInProgressBody?,
        lastFailure: BackupFailureBody?
    ) {
        self.folder = folder
        self.backups = backups
        self.running = running
        self.lastFailure = lastFailure
    }
}
