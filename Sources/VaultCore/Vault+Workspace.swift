// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Whether a request could be served now: the store answers and takes writes.
    package func ready() async throws(VaultError) {
        try await mappingErrors { try await engine.write { connection in _ = try connection.keyRings() } }
        // A transaction without a change fits on a full disk; the next one with a change does not.
        if let folder = settings.dataFolder, let disk = DiskSpace(of: folder), disk.free < Self.leastRoom {
            throw .storage(.full)
        }
    }

    /// Less than this is not room for an act and its audit entry, with what SQLite needs beside them.
    private static let leastRoom: Int64 = 256 << 10

    /// What the workspace holds and which agents do not run on current values.
    package func status(by caller: Caller) async throws(VaultError) -> WorkspaceStatusBody {
        var server = ServerBody(
            version: identity.version,
            masterKeyId: keys.masterKeyIDs.first?.text ?? identity.masterKeyID,
            activeEpoch: ring.activeEpoch,
            storage: identity.storage
        )
        server.time = clock.now
        if let folder = settings.dataFolder, let disk = DiskSpace(of: folder) {
            server.freeBytes = disk.free
            server.totalBytes = disk.total
        }
        let described = server
        let standard = settings.plan
        return try await read(.workspaceView, by: caller) { act in
            let live = try act.connection.liveInstances(in: act.workspace)
            var stale: [NamedBody] = []
            for (id, instances) in Dictionary(grouping: live, by: \.agentID).sorted(by: { $0.key < $1.key }) {
                guard let agent = try act.connection.agent(id, in: act.workspace), agent.deletedAt == nil else {
                    continue
                }
                if try act.attachedBodies(of: agent, live: instances).contains(where: { !$0.synced }) {
                    stale.append(NamedBody(id: id.text, name: agent.name))
                }
            }
            var body = WorkspaceStatusBody(
                workspace: try act.usage(unlessTold: standard),
                role: act.member.role,
                secrets: try act.connection.liveEntryCount(in: act.workspace),
                agents: try act.connection.liveAgentCount(in: act.workspace),
                attachments: try act.connection.attachmentCount(in: act.workspace),
                liveInstances: live.count,
                staleAgents: stale,
                server: described
            )
            let soon = act.now + (act.reminders.max() ?? .zero)
            body.expiring = try act.connection.expiringEntries(in: act.workspace, before: soon, limit: 100).compactMap {
                guard let expiresAt = $0.expiresAt,
                    let state = ExpiryState(of: expiresAt, at: act.now, reminders: act.reminders)
                else { return nil }
                return ExpiringBody(id: $0.id.text, name: $0.name.text, expiresAt: expiresAt, expiry: state)
            }
            return body
        }
    }
}
