// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What an entry of kind `credential` has beside its value, live or deleted; nothing of it is secret.
package struct CredentialRow: Equatable, Sendable {
    package var entryID: EntryID
    package var workspaceID: WorkspaceID
    package var name: String
    package var foldedName: String
    package var scheme: CredentialScheme
    package var header: String?
    package var prefix: String?
    package var parameter: String?
    /// One rule a line.
    package var hosts: String
    /// Among the credentials of its provider the lowest is preferred, then the oldest.
    package var rotationPriority: Int64
    /// What of an answer reaches the agent; nil for all of it.
    package var response: AnswerPart?
    package var deletedAt: Timestamp?
    package var rowCode: [UInt8]

    package init(
        entryID: EntryID,
        workspaceID: WorkspaceID,
        name: String,
        foldedName: String,
        scheme: CredentialScheme,
        header: String?,
        prefix: String?,
        parameter: String?,
        hosts: String,
        rotationPriority: Int64 = 0,
        response: AnswerPart? = nil,
        deletedAt: Timestamp?,
        rowCode: [UInt8]
    ) {
        self.entryID = entryID
        self.workspaceID = workspaceID
        self.name = name
        self.foldedName = foldedName
        self.scheme = scheme
        self.header = header
        self.prefix = prefix
        self.parameter = parameter
        self.hosts = hosts
        self.rotationPriority = rotationPriority
        self.response = response
        self.deletedAt = deletedAt
        self.rowCode = rowCode
    }
}

extension CredentialRow: StoredRow {
    static let table = "credentials"
    static let columns = [
        "entry_id", "workspace_id", "name", "folded_name", "scheme", "header", "prefix", "parameter", "hosts",
        "deleted_at", "row_code", "rotation_priority", "response",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            entryID: try row.id(0),
            workspaceID: try row.id(1),
            name: try row.text(2),
            foldedName: try row.text(3),
            scheme: try row.choice(4),
            header: try row.optionalText(5),
            prefix: try row.optionalText(6),
            parameter: try row.optionalText(7),
            hosts: try row.text(8),
            rotationPriority: try row.integer(11),
            response: try row.optionalChoice(12),
            deletedAt: try row.optionalTime(9),
            rowCode: try row.blob(10)
        )
    }

    var values: [SQLValue] {
        [
            .text(entryID.text),
            .text(workspaceID.text),
            .text(name),
            .text(foldedName),
            .text(scheme.rawValue),
            SQLValue(text: header),
            SQLValue(text: prefix),
            SQLValue(text: parameter),
            .text(hosts),
            SQLValue(integer: deletedAt?.milliseconds),
            .blob(rowCode),
            .integer(rotationPriority),
            SQLValue(text: response?.rawValue),
        ]
    }
}

/// A credential with its entry.
package struct CredentialEntryRow: Equatable, Sendable {
    package var credential: CredentialRow
    package var entry: EntryRow

    package init(credential: CredentialRow, entry: EntryRow) {
        self.credential = credential
        self.entry = entry
    }
}
