// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What the writes that share a transaction need to do once only.
///
/// They raise a workspace's revision together, and what each adds to an audit chain moves its head, which is stored when
/// all of them have run. A write that is undone leaves nothing here.
final class WriteGroup {
    let names: EntryNameIndex
    let remembered: RememberedRows
    let digests: KnownDigests
    /// What other programs had done when the transaction began.
    let foreignChanges: ForeignChanges?
    /// What the kept writes have raised revisions to.
    private(set) var revisions: [WorkspaceID: Int64] = [:]
    /// The heads of the chains that the kept writes added to.
    private(set) var heads: [String: any MovedAuditHead] = [:]

    init(
        names: EntryNameIndex,
        remembered: RememberedRows,
        digests: KnownDigests,
        foreignChanges: ForeignChanges?
    ) {
        (self.names, self.remembered, self.digests) = (names, remembered, digests)
        self.foreignChanges = foreignChanges
        names.note(foreignChanges)
        remembered.note(foreignChanges)
    }

    func keep(_ revisions: [WorkspaceID: Int64], _ heads: [String: any MovedAuditHead]) {
        for (workspace, revision) in revisions { self.revisions[workspace] = revision }
        for (chain, head) in heads { self.heads[chain] = head }
    }

    /// Called after COMMIT.
    func hasCommitted() { digests.remember(heads) }
}
