// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Storage
internal import VaultModel

extension Vault {
    /// As many starts as one transaction takes note of.
    private static let notedAtOnce = 1_000

    /// Notes when entries were last delivered, from what the audit trails say of starts since the last time.
    ///
    /// A start itself writes nothing for this: it stays as quick as it is, and nothing is forgotten when the server is
    /// killed in between.
    func noteUses() async throws(VaultError) {
        for workspace in try await mappingErrors({ try await engine.read { try $0.allWorkspaces().map(\.id) } }) {
            var isBehind = true
            while isBehind {
                isBehind = try await mappingErrors {
                    let isDue = try await engine.read { connection in
                        try connection.auditHead(workspace.text)?.sequence ?? 0 > connection.useMark(workspace.text)
                    }
                    guard isDue else { return false }
                    return try await engine.write { try $0.noteUses(in: workspace, most: Self.notedAtOnce) }
                }
            }
        }
    }
}

extension SQLConnection {
    /// Takes note of one run of entries; whether there may be more.
    fileprivate func noteUses(in workspace: WorkspaceID, most: Int) throws -> Bool {
        let chain = workspace.text
        guard let end = try auditHead(chain)?.sequence else { return false }
        let rows = try auditStarts(chain, after: useMark(chain), limit: most)
        let isBehind = rows.count == most
        var used: [EntryID: Timestamp] = [:]
        var seen: Set<Start> = []
        // Newest first: a replica that restarts again and again is looked at once.
        for row in rows.reversed() {
            let record = try AuditRecord(decoding: row.entry)
            guard record.outcome == .allowed, let start = Start(record), seen.insert(start).inserted else { continue }
            for entry in try entries(deliveredAt: record, in: workspace) {
                used[entry] = max(used[entry] ?? record.at, record.at)
            }
        }
        for (entry, time) in used.sorted(by: { $0.key < $1.key }) { try noteUse(of: entry, at: time, in: workspace) }
        // Between the last one that was looked at and the next there is none.
        try setUseMark(chain, to: isBehind ? rows[most - 1].sequence : end)
        return isBehind
    }

    /// What a start delivered: its receipt, or for a session, which leaves none, what is attached to the agent now.
    private func entries(deliveredAt record: AuditRecord, in workspace: WorkspaceID) throws -> [EntryID] {
        let ids = record.subjects
        if let id = ids.first(where: { $0.kind == .instance }).flatMap({ InstanceID($0.id) }),
            let instance = try instance(id, in: workspace)
        {
            return Receipt(decoding: instance.receipt)?.versions.keys.sorted() ?? []
        }
        guard let agent = ids.first(where: { $0.kind == .agent }).flatMap({ AgentID($0.id) }) else { return [] }
        return try attachments(of: agent, in: workspace).map(\.entryID)
    }
}

/// Starts that delivered the same: by agent, and by the digest of the receipt.
private struct Start: Hashable {
    let agent: String
    let receipt: [UInt8]

    init?(_ record: AuditRecord) {
        guard let agent = record.subjects.first(where: { $0.kind == .agent }), let digest = record.digest else {
            return nil
        }
        self.agent = agent.id
        receipt = digest
    }
}
