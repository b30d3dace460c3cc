// SPDX-License-Identifier: Apache-2.0

package import APITypes
package import VaultModel

/// What can be told from the server's answers alone: its clock, its disk, its backups, what ends soon.
package struct StatusChecks {
    /// Clocks that differ by more make times of expiry and of tokens doubtful.
    private static let tolerated: Int64 = 30_000
    private static let oldestBackup: Int64 = 7 * 86_400_000

    private let status: WorkspaceStatusBody
    private let now: Timestamp

    package init(status: WorkspaceStatusBody, now: Timestamp) {
        self.status = status
        self.now = now
    }

    package var all: [Check] { [clock, disk, expiring].compactMap { $0 } }

    private var clock: Check? {
        guard let time = status.server.time else { return nil }
        let seconds = abs(time.milliseconds - now.milliseconds) / 1_000
        guard seconds * 1_000 <= Self.tolerated else {
            return Check(
                "clock",
                .warn,
                "the server's clock and this machine's differ by \(seconds) s",
                hint: "timedatectl set-ntp true, on the one that is wrong"
            )
        }
        return Check("clock", .ok, "the server's and this machine's agree")
    }

    private var disk: Check? {
        guard let free = status.server.freeBytes, let total = status.server.totalBytes, total > 0 else { return nil }
        let detail = "\(free / 1_048_576) MiB of \(total / 1_048_576) MiB are free"
        // A full disk stops every write, and with it every start.
        if free < 64 << 20 {
            return Check("disk", .fail, detail, hint: "free space: df -h, or shorten audit.retention")
        }
        if free < 512 << 20 || free < total / 20 {
            return Check("disk", .warn, detail, hint: "free space: df -h, or shorten audit.retention")
        }
        return Check("disk", .ok, detail)
    }

    private var expiring: Check {
        let name = "expiry"
        let expired = status.expiring.filter { $0.expiry == .expired }
        if let first = expired.first {
            return Check(
                name,
                .fail,
                "expired: \(expired.map(\.name).joined(separator: ", "))",
                hint: "attache secrets update \(first.name), or --expires 30d --no-value"
            )
        }
        guard let first = status.expiring.first else { return Check(name, .ok, "nothing ends soon") }
        return Check(
            name,
            .warn,
            "soon: \(status.expiring.map(\.name).joined(separator: ", "))",
            hint: "attache secrets update \(first.name), before \(first.expiresAt.local)"
        )
    }

    package static func backups(_ list: BackupList, now: Timestamp) -> Check {
        let name = "backups"
        let hint = "attache backup create; backups.every makes them by themselves"
        if let failure = list.lastFailure {
            return Check(name, .fail, "the last one was not made: \(failure.text)", hint: hint)
        }
        guard let newest = list.backups.map(\.createdAt).max() else {
            return Check(name, .warn, "there is none in \(list.folder)", hint: hint)
        }
        guard now.milliseconds - newest.milliseconds <= oldestBackup else {
            return Check(name, .warn, "the newest is of \(newest.local)", hint: hint)
        }
        return Check(name, .ok, "\(list.backups.count), the newest of \(newest.local)")
    }
}
