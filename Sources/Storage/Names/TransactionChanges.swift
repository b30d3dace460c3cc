// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What one transaction has changed so far, for what the engine remembers beside its tables.
package final class TransactionChanges {
    /// Nil where names are not remembered.
    let names: EntryNameIndex?
    private let isSnapshot: Bool
    private var revisions: [WorkspaceID: Int64] = [:]
    /// Whether a row of a token was changed.
    private(set) var hasChangedTokens = false

    /// `isSnapshot` says that the transaction sees only what was committed.
    init(names: EntryNameIndex? = nil, isSnapshot: Bool = false) {
        self.names = names
        self.isSnapshot = isSnapshot
    }

    /// What a search goes by: a revision that is not committed may become that of another transaction.
    var namesToSearch: EntryNameIndex? { isSnapshot ? names : nil }

    /// Whether the transaction has raised the revision of the workspace.
    func hasRaisedRevision(of workspace: WorkspaceID) -> Bool { revisions[workspace] != nil }

    func raised(_ workspace: WorkspaceID, to revision: Int64) {
        revisions[workspace] = revision
        names?.note([], of: workspace, at: revision)
    }

    func changedToken() { hasChangedTokens = true }

    /// Called after ``raised(_:to:)``.
    func changed(_ entry: EntryID, in workspace: WorkspaceID) {
        guard let revision = revisions[workspace] else { return }
        names?.note([entry], of: workspace, at: revision)
    }
}
