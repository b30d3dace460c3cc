// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import AccessRules
internal import AuditTrail
internal import Storage
package import VaultModel

extension EntryRow {
    /// Checked at every use, by the row's own column: nothing has to run for an entry to end.
    func hasExpired(at time: Timestamp) -> Bool { expiresAt.map { $0 <= time } ?? false }
}

extension Act {
    func future(_ time: Timestamp) throws(VaultError) -> Timestamp {
        guard time > now else { throw .invalidField("expiresAt", reason: "the time is in the past") }
        return time
    }
}

extension ExpiryState {
    /// Nil where no reminder has been due.
    init?(of expiresAt: Timestamp?, at now: Timestamp, reminders: [Duration]) {
        guard let expiresAt else { return nil }
        if expiresAt <= now {
            self = .expired
        } else if let shortest = reminders.min(), expiresAt <= now + shortest, reminders.count > 1 {
            self = .expiring
        } else if let longest = reminders.max(), expiresAt <= now + longest {
            self = .expiringSoon
        } else {
            return nil
        }
    }
}

/// A reminder that was given, for the log.
package struct EntryReminder: Equatable, Sendable {
    package var workspace: WorkspaceID
    package var name: String
    package var expiresAt: Timestamp
    package var hasExpired: Bool
}

/// Who is told what a workspace needs.
package struct Caretakers: Sendable {
    /// The workspace's name.
    package var workspace: String
    package var addresses: [EmailAddress]
}

extension Vault {
    /// The addresses of those who may change the entries of a workspace; nil when it is gone.
    ///
    /// For the server itself, which no caller asks.
    package func caretakers(of workspace: WorkspaceID) async throws(VaultError) -> Caretakers? {
        let ring = ring
        return try await mappingErrors {
            try await engine.read { connection in
                guard let row = try connection.workspace(workspace), row.deletedAt == nil else { return nil }
                let people = try connection.verifiedMemberships(in: workspace, ring: ring).filter {
                    $0.role.allows(.entryUpdate)
                }
                return Caretakers(
                    workspace: row.name,
                    addresses: try people.compactMap { try connection.account(of: $0.userID) }.compactMap {
                        try $0.verify(with: ring)
                        return EmailAddress($0.email)
                    }
                )
            }
        }
    }

    private static let remindedAtOnce = 500

    /// Gives the reminders that are due, each once for an entry, a time of expiry and a threshold, and once more when
    /// an entry has expired.
    func remind() async throws(VaultError) -> [EntryReminder] {
        let now = clock.now
        // The shortest first: an entry that is due for several gets one reminder.
        let thresholds = [.zero] + settings.reminders.sorted()
        var given: [EntryReminder] = []
        for (index, threshold) in thresholds.enumerated() {
            var isMore = true
            while isMore {
                let rows = try await mappingErrors {
                    try await engine.read {
                        try $0.entriesToRemind(
                            before: now + threshold,
                            threshold: threshold,
                            limit: Self.remindedAtOnce
                        )
                    }
                }
                guard !rows.isEmpty else { break }
                try await mappingErrors {
                    try await engine.write { [keys] connection in
                        let trail = Trail(connection: connection, ring: keys.ring, requestID: nil)
                        for row in rows {
                            for covered in thresholds[index...] {
                                try connection.noteReminder(of: row, threshold: covered, at: now)
                            }
                            try trail.append(
                                AuditEvent(
                                    action: .entryRemind,
                                    subjects: [row.subject],
                                    details: [
                                        AuditDetail(key: "expires", value: row.expiresAt?.rfc3339 ?? ""),
                                        AuditDetail(key: "expired", value: row.hasExpired(at: now) ? "yes" : "no"),
                                    ]
                                ),
                                workspace: row.workspaceID,
                                actor: .server,
                                at: now
                            )
                        }
                    }
                }
                given += rows.compactMap { row in
                    row.expiresAt.map {
                        EntryReminder(
                            workspace: row.workspaceID,
                            name: row.name.text,
                            expiresAt: $0,
                            hasExpired: $0 <= now
                        )
                    }
                }
                isMore = rows.count == Self.remindedAtOnce
            }
        }
        return given
    }
}
