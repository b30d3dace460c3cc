// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// An attachment with its entry and the current version of the value.
package struct AttachedEntryRow: Equatable, Sendable {
    package var attachment: AttachmentRow
    package var entry: EntryRow
    /// Nil when the row of the value is missing, which is damage: the entry is still listed, so that it is found.
    package var value: EntryValueRow?

    package init(attachment: AttachmentRow, entry: EntryRow, value: EntryValueRow?) {
        self.attachment = attachment
        self.entry = entry
        self.value = value
    }
}

extension AttachedEntryRow {
    /// The parameters are the agent and its workspace.
    static let ofAgent = """
        SELECT \(AttachmentRow.columnList(of: "a")), \(EntryRow.columnList(of: "e")),
            \(EntryValueRow.columnList(of: "v"))
        FROM attachments a
        JOIN entries e ON e.id = a.entry_id AND e.workspace_id = a.workspace_id
        LEFT JOIN entry_values v ON v.entry_id = e.id AND v.version = e.version AND v.workspace_id = e.workspace_id
        WHERE a.agent_id = $1 AND a.workspace_id = $2
        ORDER BY e.name, e.id
        """

    init(_ row: SQLRow) throws(StorageFailure) {
        let first = AttachmentRow.columns.count
        let second = EntryRow.columns.count
        attachment = try AttachmentRow(row.columns(from: 0, count: first))
        entry = try EntryRow(row.columns(from: first, count: second))
        let last = row.columns(from: first + second, count: EntryValueRow.columns.count)
        value = last.values.first == .null ? nil : try EntryValueRow(last)
    }
}

/// Which version of an entry an agent would be given; a provider stands here by the id of its attachment.
package struct AttachedVersion: Equatable, Sendable {
    package let entry: EntryID
    package let name: String
    package let version: Int64
    package let delivery: Delivery
}

extension AttachedVersion {
    init(_ row: ProviderAttachmentRow) throws(StorageFailure) {
        guard let id = EntryID(row.id.text) else { throw .corrupt }
        self.init(entry: id, name: row.provider.text, version: 0, delivery: .proxy)
    }
}
