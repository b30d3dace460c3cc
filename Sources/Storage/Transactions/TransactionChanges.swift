// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What one write has changed so far, for what the engine remembers beside its tables.
package final class TransactionChanges {
    /// What the writes of its transaction share; nil for one that shares nothing and for a snapshot.
    let group: WriteGroup?
    /// What a search goes by: a revision that is not committed may become that of another transaction.
    let namesToSearch: EntryNameIndex?
    private var revisions: [WorkspaceID: Int64] = [:]
    private var heads: [String: any MovedAuditHead] = [:]
    /// Whether a row of a token was changed.
    private(set) var hasChangedTokens = false

    /// Of a transaction beside which nothing is remembered.
    init() { (group, namesToSearch) = (nil, nil) }

    /// Of a snapshot, which sees only what was committed.
    init(ofSnapshot names: EntryNameIndex) { (group, namesToSearch) = (nil, names) }

    init(in group: WriteGroup) { (self.group, namesToSearch) = (group, nil) }

    /// Lets the writes that follow in the transaction know of this one, which is kept.
    func keep() { group?.keep(revisions, heads) }

    // MARK: - Revisions

    /// What this write, or one before it in the transaction, has raised the revision of the workspace to.
    func raisedRevision(of workspace: WorkspaceID) -> Int64? {
        revisions[workspace] ?? group?.revisions[workspace]
    }

    func raised(_ workspace: WorkspaceID, to revision: Int64) {
        revisions[workspace] = revision
        group?.names.note([], of: workspace, at: revision)
    }

    func changedToken() { hasChangedTokens = true }

    /// Called after ``raised(_:to:)``.
    func changed(_ entry: EntryID, in workspace: WorkspaceID) {
        guard let group, let revision = raisedRevision(of: workspace) else { return }
        group.names.note([entry], of: workspace, at: revision)
    }

    // MARK: - Heads of audit chains

    /// The head of the chain, where this write or one before it in the transaction has moved it.
    func movedHead(of chain: String) -> (any MovedAuditHead)? { heads[chain] ?? group?.heads[chain] }

    /// What was known of the chain's entries when an earlier transaction of this program was committed.
    func knownDigest(of chain: String) -> KnownDigest? { group?.digests.digest(of: chain) }

    /// Takes the new head of a chain, to be stored when all writes of the transaction have run; false where it has to be
    /// stored at once.
    func holds(_ head: some MovedAuditHead) -> Bool {
        guard group != nil else { return false }
        heads[head.chain] = head
        return true
    }

    /// Every head that the table does not have yet.
    var heldHeads: [any MovedAuditHead] { (group?.heads ?? [:]).merging(heads) { $1 }.map(\.value) }
}
