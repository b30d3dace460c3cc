// SPDX-License-Identifier: Apache-2.0

package import VaultModel

// Everything that the keys of the vault sealed or vouch for, page by page in the order of the primary keys: for sealing
// it anew and for verifying it. Concerns the vault as a whole, so these statements alone name no workspace.
//
// A replacement compares what is stored with what was read, byte for byte, and leaves a row alone that changed since: it
// was written under the present keys then.

/// Where a page ended: the primary key of its last row.
package struct PagePosition: Equatable, Sendable {
    private static let separator: Character = "\n"

    let parts: [String]

    init(_ parts: String...) { self.parts = parts }

    /// As it is kept in a rotation's row; no part of a primary key has a line feed.
    package init(text: String) {
        parts = text.split(separator: Self.separator, omittingEmptySubsequences: false).map(String.init)
    }

    package var text: String { parts.joined(separator: String(Self.separator)) }

    fileprivate func key(of count: Int) throws(StorageFailure) -> [SQLValue] {
        guard parts.count == count else { throw .corrupt }
        return parts.map(SQLValue.text)
    }
}

/// An entry with the current version of its value.
package struct ValuedEntryRow: Equatable, Sendable {
    package var entry: EntryRow
    package var value: EntryValueRow?
}

/// An attachment and the user under whose key its code is made.
package struct OwnedAttachmentRow: Equatable, Sendable {
    package var attachment: AttachmentRow
    package var owner: UserID
}

/// A credential and the user under whose key its code is made.
package struct OwnedCredentialRow: Equatable, Sendable {
    package var credential: CredentialRow
    package var owner: UserID
}

extension SQLConnection {
    package func usersPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [UserRow] {
        try page(after, by: ["id"], limit: limit)
    }

    package func membershipsPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [MembershipRow] {
        try page(after, by: ["workspace_id", "user_id"], limit: limit)
    }

    package func tokensPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [TokenRow] {
        try page(after, by: ["id"], limit: limit)
    }

    package func agentsPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [AgentRow] {
        try page(after, by: ["id"], limit: limit)
    }

    package func idempotencyPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [IdempotencyRow] {
        try page(after, by: ["workspace_id", "caller", "key"], limit: limit)
    }

    package func accountsPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [AccountRow] {
        try page(after, by: ["user_id"], limit: limit)
    }

    package func sessionsPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [SessionRow] {
        try page(after, by: ["id"], limit: limit)
    }

    package func invitationsPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [InvitationRow] {
        try page(after, by: ["id"], limit: limit)
    }

    package func providerAttachmentsPage(
        after: PagePosition?,
        limit: Int
    ) throws(StorageFailure) -> [ProviderAttachmentRow] {
        try page(after, by: ["id"], limit: limit)
    }

    package func entriesPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [ValuedEntryRow] {
        let rows = try query(
            """
            SELECT \(EntryRow.columnList(of: "e")), \(EntryValueRow.columnList(of: "v")) FROM entries e
            LEFT JOIN entry_values v ON v.entry_id = e.id AND v.version = e.version AND v.workspace_id = e.workspace_id
            WHERE e.id > $1 ORDER BY e.id LIMIT $2
            """,
            (try after?.key(of: 1) ?? [.text("")]) + [.integer(Int64(limit))]
        )
        let first = EntryRow.columns.count
        return try rows.map { row throws(StorageFailure) in
            let value = row.columns(from: first, count: EntryValueRow.columns.count)
            return ValuedEntryRow(
                entry: try EntryRow(row.columns(from: 0, count: first)),
                value: value.values.first == .null ? nil : try EntryValueRow(value)
            )
        }
    }

    package func attachmentsPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [OwnedAttachmentRow] {
        let rows = try query(
            """
            SELECT \(AttachmentRow.columnList(of: "a")), e.owner_id FROM attachments a
            JOIN entries e ON e.id = a.entry_id AND e.workspace_id = a.workspace_id
            WHERE a.id > $1 ORDER BY a.id LIMIT $2
            """,
            (try after?.key(of: 1) ?? [.text("")]) + [.integer(Int64(limit))]
        )
        let count = AttachmentRow.columns.count
        return try rows.map { row throws(StorageFailure) in
            OwnedAttachmentRow(
                attachment: try AttachmentRow(row.columns(from: 0, count: count)),
                owner: try row.id(count)
            )
        }
    }

    package func credentialsPage(after: PagePosition?, limit: Int) throws(StorageFailure) -> [OwnedCredentialRow] {
        let rows = try query(
            """
            SELECT \(CredentialRow.columnList(of: "c")), e.owner_id FROM credentials c
            JOIN entries e ON e.id = c.entry_id AND e.workspace_id = c.workspace_id
            WHERE c.entry_id > $1 ORDER BY c.entry_id LIMIT $2
            """,
            (try after?.key(of: 1) ?? [.text("")]) + [.integer(Int64(limit))]
        )
        let count = CredentialRow.columns.count
        return try rows.map { row throws(StorageFailure) in
            OwnedCredentialRow(
                credential: try CredentialRow(row.columns(from: 0, count: count)),
                owner: try row.id(count)
            )
        }
    }

    private func page<Row: StoredRow>(
        _ after: PagePosition?,
        by key: [String],
        limit: Int
    ) throws(StorageFailure) -> [Row] {
        guard let after else {
            return try select("ORDER BY \(key.joined(separator: ", ")) LIMIT $1", [.integer(Int64(limit))])
        }
        let places = (1...key.count).map { "$\($0)" }.joined(separator: ", ")
        let columns = key.joined(separator: ", ")
        return try select(
            "WHERE (\(columns)) > (\(places)) ORDER BY \(columns) LIMIT $\(key.count + 1)",
            try after.key(of: key.count) + [.integer(Int64(limit))]
        )
    }

    // MARK: - Replacing

    @discardableResult
    package func replaceRowCode(of row: UserRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: UserRow.self, row.rowCode, with: code, where: [("id", row.id.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: MembershipRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        let key = [("workspace_id", row.workspaceID.text), ("user_id", row.userID.text)]
        return try replaceCode(of: MembershipRow.self, row.rowCode, with: code, where: key)
    }

    @discardableResult
    package func replaceRowCode(of row: TokenRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: TokenRow.self, row.rowCode, with: code, where: [("id", row.id.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: AgentRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: AgentRow.self, row.rowCode, with: code, where: [("id", row.id.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: EntryRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: EntryRow.self, row.rowCode, with: code, where: [("id", row.id.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: AttachmentRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: AttachmentRow.self, row.rowCode, with: code, where: [("id", row.id.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: ProviderAttachmentRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: ProviderAttachmentRow.self, row.rowCode, with: code, where: [("id", row.id.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: AccountRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: AccountRow.self, row.rowCode, with: code, where: [("user_id", row.userID.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: SessionRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: SessionRow.self, row.rowCode, with: code, where: [("id", row.id.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: InvitationRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: InvitationRow.self, row.rowCode, with: code, where: [("id", row.id.text)])
    }

    @discardableResult
    package func replaceRowCode(of row: CredentialRow, with code: [UInt8]) throws(StorageFailure) -> Bool {
        try replaceCode(of: CredentialRow.self, row.rowCode, with: code, where: [("entry_id", row.entryID.text)])
    }

    private func replaceCode<Row: StoredRow>(
        of type: Row.Type,
        _ old: [UInt8],
        with new: [UInt8],
        where key: [(column: String, value: String)]
    ) throws(StorageFailure) -> Bool {
        let condition = key.enumerated().map { "\($1.column) = $\($0 + 2)" }.joined(separator: " AND ")
        return try execute(
            "UPDATE \(Row.table) SET row_code = $1 WHERE \(condition) AND row_code = $\(key.count + 2)",
            [.blob(new)] + key.map { .text($0.value) } + [.blob(old)]
        ) == 1
    }

    /// Replaces the sealed bytes of one version of a value.
    @discardableResult
    package func replaceSealed(of row: EntryValueRow, with sealed: [UInt8]) throws(StorageFailure) -> Bool {
        try execute(
            "UPDATE entry_values SET sealed = $1 WHERE entry_id = $2 AND version = $3 AND sealed = $4",
            [.blob(sealed), .text(row.entryID.text), .integer(row.version), SQLValue(blob: row.sealed)]
        ) == 1
    }

    @discardableResult
    package func replaceReply(of row: IdempotencyRow, with reply: [UInt8]) throws(StorageFailure) -> Bool {
        try execute(
            "UPDATE idempotency SET reply = $1 WHERE workspace_id = $2 AND caller = $3 AND key = $4 AND reply = $5",
            [.blob(reply), .text(row.workspaceID.text), .text(row.caller), .text(row.key), .blob(row.reply)]
        ) == 1
    }

    // MARK: - Counting

    /// How many rows the pages hold altogether.
    package func sealedRowCount() throws(StorageFailure) -> Int {
        var sum = 0
        for table in Self.sealedColumns.map(\.table) where table != EntryValueRow.table {
            sum += try count("SELECT count(*) FROM \(table)", [])
        }
        return sum
    }

    /// How many columns hold something that was sealed, or a code that was made, in an epoch other than `epoch`.
    ///
    /// Reads the epochs out of the stored bytes. What was destroyed and holds nothing does not count.
    package func outdatedCount(besides epoch: UInt32) throws(StorageFailure) -> Int {
        var sum = 0
        let bytes = withUnsafeBytes(of: epoch.bigEndian) { [UInt8]($0) }
        for column in Self.sealedColumns {
            sum += try count(
                """
                SELECT count(*) FROM \(column.table) WHERE \(column.name) IS NOT NULL AND length(\(column.name)) > 0
                    AND substr(\(column.name), \(column.epochAt), 4) <> $1
                """,
                [.blob(bytes)]
            )
        }
        return sum
    }

    /// Every column that an epoch key made, and where in its bytes the epoch stands, counted from 1.
    ///
    /// The fingerprints of requests are not among them: they cannot be made anew, and are good in retired epochs too.
    package static var sealedColumns: [(table: String, name: String, epochAt: Int)] {
        [
            (UserRow.table, "row_code", 1), (MembershipRow.table, "row_code", 1), (TokenRow.table, "row_code", 1),
            (AgentRow.table, "row_code", 1), (EntryRow.table, "row_code", 1), (AttachmentRow.table, "row_code", 1),
            (AccountRow.table, "row_code", 1), (SessionRow.table, "row_code", 1), (InvitationRow.table, "row_code", 1),
            (CredentialRow.table, "row_code", 1), (ProviderAttachmentRow.table, "row_code", 1),
            (EntryValueRow.table, "sealed", 3), (IdempotencyRow.table, "reply", 3),
        ]
    }
}

// Where a page that ends with the row ended.

extension UserRow { package var position: PagePosition { PagePosition(id.text) } }
extension MembershipRow { package var position: PagePosition { PagePosition(workspaceID.text, userID.text) } }
extension TokenRow { package var position: PagePosition { PagePosition(id.text) } }
extension AgentRow { package var position: PagePosition { PagePosition(id.text) } }
extension IdempotencyRow { package var position: PagePosition { PagePosition(workspaceID.text, caller, key) } }
extension AccountRow { package var position: PagePosition { PagePosition(userID.text) } }
extension SessionRow { package var position: PagePosition { PagePosition(id.text) } }
extension InvitationRow { package var position: PagePosition { PagePosition(id.text) } }
extension ValuedEntryRow { package var position: PagePosition { PagePosition(entry.id.text) } }
extension OwnedCredentialRow { package var position: PagePosition { PagePosition(credential.entryID.text) } }
extension ProviderAttachmentRow { package var position: PagePosition { PagePosition(id.text) } }
extension OwnedAttachmentRow { package var position: PagePosition { PagePosition(attachment.id.text) } }
