// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when a live entry of that name exists.
    package func insertEntry(_ row: EntryRow) throws(StorageFailure) {
        try insert(row)
        try noteChange(of: row.id, in: row.workspaceID)
    }

    /// Writes every column but the id, the workspace and the time of creation.
    ///
    /// `old` is the row as it stands, where that is known: a new value of it leaves the indexes alone.
    package func updateEntry(_ row: EntryRow, insteadOf old: EntryRow? = nil) throws(StorageFailure) {
        if let old, row.isNewValue(of: old) { return try updateVersion(row) }
        try execute(
            """
            UPDATE entries SET owner_id = $1, name = $2, kind = $3, provider = $4, note = $5, version = $6,
                updated_at = $7, expires_at = $8, deleted_at = $9, row_code = $10
            WHERE id = $11 AND workspace_id = $12
            """,
            [
                .text(row.ownerID.text), .text(row.name.text), .text(row.kind.rawValue),
                SQLValue(text: row.provider?.text), .text(row.note), .integer(row.version),
                .integer(row.updatedAt.milliseconds), SQLValue(integer: row.expiresAt?.milliseconds),
                SQLValue(integer: row.deletedAt?.milliseconds), .blob(row.rowCode), .text(row.id.text),
                .text(row.workspaceID.text),
            ]
        )
        try noteChange(of: row.id, in: row.workspaceID)
    }

    private func updateVersion(_ row: EntryRow) throws(StorageFailure) {
        try execute(
            """
            UPDATE entries SET version = $1, updated_at = $2, row_code = $3 WHERE id = $4 AND workspace_id = $5
            """,
            [
                .integer(row.version), .integer(row.updatedAt.milliseconds), .blob(row.rowCode), .text(row.id.text),
                .text(row.workspaceID.text),
            ]
        )
        try noteChange(of: row.id, in: row.workspaceID)
    }

    /// What is remembered of names belongs to a revision, so a change of an entry is one.
    private func noteChange(of entry: EntryID, in workspace: WorkspaceID) throws(StorageFailure) {
        try bumpRevision(of: workspace)
        changes.changed(entry, in: workspace)
    }

    /// Every entry that a user owns in a workspace, live or deleted.
    package func ownedEntries(of user: UserID, in workspace: WorkspaceID) throws(StorageFailure) -> [EntryRow] {
        try select("WHERE workspace_id = $1 AND owner_id = $2 ORDER BY id", [.text(workspace.text), .text(user.text)])
    }

    /// The entry of that id, live or deleted.
    package func entry(_ id: EntryID, in workspace: WorkspaceID) throws(StorageFailure) -> EntryRow? {
        try selectOne("WHERE id = $1 AND workspace_id = $2", [.text(id.text), .text(workspace.text)])
    }

    /// The secret or variable of that name; several credentials may share one.
    package func liveEntry(
        named name: EnvironmentName,
        in workspace: WorkspaceID
    ) throws(StorageFailure) -> EntryRow? {
        try selectOne(
            "WHERE workspace_id = $1 AND name = $2 AND deleted_at IS NULL AND kind <> 'credential'",
            [.text(workspace.text), .text(name.text)]
        )
    }

    /// One page of live secrets and variables in the order in which they were made.
    ///
    /// `matching` is a part of the name in any case. What a search costs follows what it finds, and hardly how many
    /// entries there are, unless the times leave little of what has the name.
    package func liveEntries(
        in workspace: WorkspaceID,
        after: EntryID? = nil,
        limit: Int,
        matching: String? = nil,
        kind: EntryKind? = nil,
        expiringBefore: Timestamp? = nil,
        unusedSince: Timestamp? = nil
    ) throws(StorageFailure) -> [EntryRow] {
        var condition = Condition()
        condition.add("workspace_id =", .text(workspace.text))
        condition.add("deleted_at IS NULL")
        condition.add("kind <> 'credential'")
        // An environment name is ASCII, which both engines fold alike.
        if let matching, !matching.isEmpty { condition.add("lower(name)", contains: matching) }
        if let kind { condition.add("kind =", .text(kind.rawValue)) }
        if let time = expiringBefore { condition.add("expires_at <", .integer(time.milliseconds)) }
        if let time = unusedSince {
            condition.add("created_at <", .integer(time.milliseconds))
            condition.add(
                "NOT EXISTS (SELECT 1 FROM entry_uses u WHERE u.entry_id = entries.id AND u.last_used_at >=",
                .integer(time.milliseconds),
                closedBy: ")"
            )
        }
        var found: [EntryRow] = []
        var after = after
        if let needle = matching.flatMap(EntryNames.needle), let names = try entryNames(in: workspace) {
            for _ in 0..<Self.mostGuesses {
                let wanted = limit - found.count
                let ids = names.ids(containing: needle, kind: kind, after: after, limit: wanted)
                for group in IDGroup.groups(of: ids, after: condition.parameters) {
                    found += try select("WHERE \(condition.sql) AND id IN \(group.list) ORDER BY id", group.parameters)
                }
                guard found.count < limit, ids.count == wanted else { return found }
                after = ids.last
            }
        }
        if let after { condition.add("id >", .text(after.text)) }
        let page = condition.page(orderedBy: "id", limit: limit - found.count)
        return try found + select(page.sql, page.parameters)
    }

    /// How often rows that have the name are tried before the rest of a page is read as it stands in the table.
    private static var mostGuesses: Int { 3 }

    /// The names to search by; nil where they are not remembered.
    private func entryNames(in workspace: WorkspaceID) throws(StorageFailure) -> EntryNames? {
        guard let index = changes.namesToSearch else { return nil }
        let revision = try revision(of: workspace)
        var names: EntryNames
        switch index.knowledge(of: workspace, at: revision) {
        case .names(let known): return known
        case .tooMany: return nil
        case .nearly(let known, let changed):
            names = known
            for id in changed { names.remove(id) }
            for group in IDGroup.groups(of: changed.sorted(), after: [.text(workspace.text)]) {
                for name in try liveNames("AND id IN \(group.list)", group.parameters) { names.set(name) }
            }
        case .none:
            names = EntryNames()
            var last = ""
            while true {
                let page = try liveNames(
                    "AND id > $2 ORDER BY id LIMIT $3",
                    [.text(workspace.text), .text(last), .integer(Int64(Self.namesPage))]
                )
                for name in page { names.append(name) }
                if names.size > EntryNameIndex.mostBytes.ofOne {
                    index.remember(nil, of: workspace, at: revision)
                    return nil
                }
                guard page.count == Self.namesPage, let end = page.last else { break }
                last = end.id.text
            }
        }
        index.remember(names, of: workspace, at: revision)
        return names
    }

    private static var namesPage: Int { 4_096 }

    /// Names of live secrets and variables; `rest` follows the conditions for that.
    private func liveNames(_ rest: String, _ parameters: [SQLValue]) throws(StorageFailure) -> [EntryName] {
        // As `entries_live` has them: no row is read.
        let rows = try query(
            """
            SELECT id, kind, lower(name) FROM entries
            WHERE workspace_id = $1 AND deleted_at IS NULL AND kind <> 'credential' \(rest)
            """,
            parameters
        )
        return try rows.map { row throws(StorageFailure) in
            EntryName(id: try row.id(0), kind: try row.choice(1), folded: try row.text(2))
        }
    }

    /// How many secrets and variables live.
    package func liveEntryCount(in workspace: WorkspaceID) throws(StorageFailure) -> Int {
        try count(
            "SELECT count(*) FROM entries WHERE workspace_id = $1 AND deleted_at IS NULL AND kind <> 'credential'",
            [.text(workspace.text)]
        )
    }
}
