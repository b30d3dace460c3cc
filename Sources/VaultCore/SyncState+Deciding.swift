// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

extension SyncState {
    /// Decides the state of an attachment whose entry is at `version`, from what each instance holds.
    ///
    /// By versions, never by digests of values. A receipt that cannot be read, or an instance that may have ended,
    /// leaves the state unknown: it is never shown as good.
    static func deciding(entry: EntryID, version: Int64, held: [HeldReceipt]) -> SyncState {
        guard !held.isEmpty else { return .notDelivered }
        let isOld = held.contains { $0.isCertain && $0.receipt.map { $0.versions[entry] != version } ?? false }
        if isOld { return .stale }
        return held.contains { !$0.isCertain || $0.receipt == nil } ? .unknown : .synced
    }
}

/// What an instance was given, and whether it is known to run.
struct HeldReceipt {
    /// Nil where it cannot be read.
    let receipt: Receipt?
    let isCertain: Bool
}
