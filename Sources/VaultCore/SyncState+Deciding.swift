// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension SyncState {
    /// Decides the state of an attachment whose entry is at `version`, from what each live instance was given.
    ///
    /// By versions, never by digests of values. A receipt that cannot be read leaves the state unknown: it is never
    /// shown as good.
    static func deciding(entry: EntryID, version: Int64, receipts: [Receipt?]) -> SyncState {
        guard !receipts.isEmpty else { return .notDelivered }
        if receipts.contains(where: { $0.map { $0.versions[entry] != version } ?? false }) { return .stale }
        return receipts.contains { $0 == nil } ? .unknown : .synced
    }
}
