// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Storage
package import VaultModel

/// Numbers of the whole server that are counted when somebody asks.
package struct VaultMeasurements: Sendable {
    /// Attachments, present and taken away, for which some live instance needs a restart.
    package var staleAttachments = 0
    package var liveInstances = 0
    package var expiredEntries = 0
    /// Entries of all chains that no checkpoint covers yet.
    package var unsignedAuditEntries: Int64 = 0
    /// How long ago the oldest chain that has such entries was last signed.
    package var unsignedAuditSeconds: Int64 = 0
}

extension Vault {
    /// Counts; only for the machine's operator, or with a key of theirs, since the numbers are those of every workspace.
    package func measurements(by caller: Caller) async throws(VaultError) -> VaultMeasurements {
        try await read(.metricsView, by: caller) { act in
            guard try act.connection.firstUser()?.id == act.member.user else {
                throw VaultError.denied(.metricsView)
            }
            var found = VaultMeasurements()
            for workspace in try act.connection.allWorkspaces().map(\.id) {
                var member = act.member
                member.workspace = workspace
                let other = Act(
                    connection: act.connection,
                    member: member,
                    ring: act.ring,
                    supervised: act.supervised,
                    now: act.now
                )
                let live = try act.connection.liveInstances(in: workspace)
                found.liveInstances += live.count
                for (id, instances) in Dictionary(grouping: live, by: \.agentID) {
                    guard let agent = try act.connection.agent(id, in: workspace), agent.deletedAt == nil else {
                        continue
                    }
                    found.staleAttachments += try other.attachedBodies(of: agent, live: instances)
                        .count { $0.state == .stale || $0.state == .removedPendingRestart }
                }
                found.expiredEntries += try act.connection.expiringEntries(
                    in: workspace,
                    before: act.now,
                    limit: 10_000
                ).count
            }
            for head in try act.connection.auditHeads() {
                let last = try act.connection.lastAuditCheckpoint(head.chain)
                let unsigned = head.sequence - (last?.sequence ?? 0)
                guard unsigned > 0 else { continue }
                found.unsignedAuditEntries += unsigned
                if let last {
                    let seconds = (act.now.milliseconds - last.at.milliseconds) / 1_000
                    found.unsignedAuditSeconds = max(found.unsignedAuditSeconds, seconds)
                }
            }
            return found
        }
    }
}
