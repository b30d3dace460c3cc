// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import VaultModel

// Bringing what is stored to the active epoch and to an owner's present salt. Nothing that does not open or verify is
// ever sealed or coded anew: damage would become a row that looks whole.
extension KeyRing {
    /// Whether `record` was sealed in an earlier epoch or by the owner's salt before; also when it is no record.
    package func isOutdated(_ record: [UInt8], as context: RecordContext) -> Bool {
        guard let layout = RecordLayout(record), layout.epoch == active.number else { return true }
        guard context.scope.previousSalt != nil else { return false }
        return !layout.isSealed(under: ownerKeys(of: context.scope, in: active).sealing)
    }

    /// Opens `record` and seals its content, mask included, as it would be sealed now.
    package func reseal(_ record: [UInt8], as context: RecordContext) throws(SealingError) -> SealedRecord {
        guard let layout = RecordLayout(record) else { throw .malformedRecord }
        let sealed = try layout.open(
            under: sealingKey(of: layout, context.scope),
            boundTo: context.binding
        ) { plaintext throws(SealingError) in
            try RecordLayout.seal(
                plaintext,
                under: ownerKeys(of: context.scope, in: active).sealing,
                epoch: active.number,
                boundTo: context.binding
            )
        }
        return SealedRecord(bytes: sealed)
    }

    /// Whether `code` was made in an earlier epoch or by the owner's salt before.
    package func isOutdated(_ code: [UInt8], of row: RowContent, scope: RowScope) -> Bool {
        guard Self.epoch(of: code) == active.number else { return true }
        guard case .owner(let owner) = scope, owner.previousSalt != nil else { return false }
        return (try? verify(code, of: row, scope: .owner(owner.settled))) == nil
    }

    /// Whether a kept answer was sealed in an earlier epoch; also when it is no record.
    package func isOutdated(reply: [UInt8]) -> Bool { RecordLayout(reply)?.epoch != active.number }

    /// Opens a kept answer and seals it in the active epoch.
    package func reseal(
        reply: [UInt8],
        workspace: WorkspaceID,
        label: String
    ) throws(SealingError) -> [UInt8] {
        try sealReply(openReply(reply, workspace: workspace, label: label), workspace: workspace, label: label)
    }

    /// Whether the other ring has the same epochs, in the same states, with the same keys.
    package func isSame(as other: KeyRing) -> Bool {
        allKeys.count == other.allKeys.count
            && zip(allKeys, other.allKeys).allSatisfy { mine, others in
                // `==` of keys takes the same time wherever they differ.
                mine.number == others.number && mine.state == others.state && mine.key == others.key
            }
    }

    /// The key that a record was sealed under: by the owner's salt, or by the one before while there is one.
    func sealingKey(of layout: RecordLayout, _ scope: OwnerScope) throws(SealingError) -> KeyedHash {
        let epoch = try keys(of: layout.epoch)
        try scope.checkSalt()
        let key = ownerKeys(of: scope, in: epoch).sealing
        guard let previous = scope.previous, !layout.isSealed(under: key) else { return key }
        return ownerKeys(of: previous, in: epoch).sealing
    }
}
