// SPDX-License-Identifier: Apache-2.0

package import APITypes

/// What upkeep did, for the log.
package struct UpkeepReport: Sendable {
    /// Checkpoints that were signed.
    package var checkpoints: [AuditCheckpointBody] = []
    /// Entries that expire soon, or have.
    package var reminders: [EntryReminder] = []
    /// How many entries of audit trails retention removed.
    package var prunedEntries: Int64 = 0
}

extension Vault {
    /// Does what nobody asks for: records counted events, ends containers that are gone, signs checkpoints, removes what retention ends.
    ///
    /// Every part can be repeated, and cut off anywhere. `isLast` records and signs all that is left, before the server
    /// stops.
    package func upkeep(isLast: Bool = false) async throws(VaultError) -> UpkeepReport {
        var report = UpkeepReport()
        if isLast { await attempts.settle() }
        try await recordRepeatedEvents(all: isLast)
        try await noteUses()
        try await endContainersThatAreGone()
        report.reminders = try await remind()
        report.checkpoints = try await makeDueCheckpoints(all: isLast)
        if !isLast { report.prunedEntries = try await pruneAudit() }
        return report
    }
}
