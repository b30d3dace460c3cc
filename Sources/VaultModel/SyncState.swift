// SPDX-License-Identifier: Apache-2.0

/// Whether an agent's live instances hold the current version of what is attached.
package enum SyncState: String, CaseIterable, Sendable {
    /// No live instance.
    case notDelivered = "not_delivered"
    /// Every live instance has the current version.
    case synced
    /// A live instance has an older version, or lacks it.
    case stale
    /// Whether the instances live cannot be told; never shown as good.
    case unknown
    /// Detached, and a live instance still holds it.
    case removedPendingRestart = "removed_pending_restart"
}
