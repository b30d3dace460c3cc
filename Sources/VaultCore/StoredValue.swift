// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Storage
internal import VaultModel

/// A value ready to be stored as one version of an entry: sealed or readable, as the kind demands.
struct StoredValue {
    let row: EntryValueRow
    let preview: ValuePreview
    var readable: [UInt8]? { row.readable }

    /// Seals `value`, or leaves it readable when the kind is `variable`.
    init(
        _ value: borrowing SecretBytes,
        of entry: EntryID,
        version: Int64,
        kind: EntryKind,
        owner: OwnerScope,
        act: Act
    ) throws {
        let sealed: [UInt8]?
        let readable: [UInt8]?
        preview = ValuePreview(of: value)
        switch kind {
        case .secret, .credential:
            let context = RecordContext(scope: owner, entry: entry, version: version, kind: kind)
            sealed = try act.ring.seal(value, with: preview.mask, as: context).bytes
            readable = nil
        case .variable:
            sealed = nil
            readable = value.withBytes { [UInt8]($0) }
        }
        row = EntryValueRow(
            entryID: entry,
            version: version,
            workspaceID: act.workspace,
            sealed: sealed,
            readable: readable,
            createdAt: act.now,
            createdBy: act.member.user,
            destroyedAt: nil
        )
    }
}

/// What may be shown of a value without opening it again.
struct ValuePreview {
    let isEmpty: Bool
    let mask: Mask

    init(of value: borrowing SecretBytes) { (isEmpty, mask) = (value.isEmpty, Mask(of: value)) }

    init(isEmpty: Bool, mask: Mask) { (self.isEmpty, self.mask) = (isEmpty, mask) }
}

extension EntryRow {
    /// Opens the stored value after checking everything that vouches for it.
    ///
    /// Throws ``VaultError/integrity(entry:)`` with the entry's name for a row that is damaged or was moved.
    func openValue(
        _ value: EntryValueRow?,
        owner: OwnerScope,
        ring: KeyRing
    ) throws(VaultError) -> (value: SharedSecret, mask: Mask) {
        do {
            try verify(with: ring, owner: owner, readable: value?.readable)
        } catch {
            throw .integrity(entry: name.text)
        }
        return try openWithMask(value, owner: owner, ring: ring)
    }

    /// Opens the stored value of a row whose code was checked when it was read.
    func openCheckedValue(
        _ value: EntryValueRow?,
        owner: OwnerScope,
        ring: KeyRing
    ) throws(VaultError) -> SharedSecret {
        if kind == .variable, value?.sealed == nil, let readable = value?.readable {
            return SharedSecret(copying: readable)
        }
        return try openWithMask(value, owner: owner, ring: ring).value
    }

    /// Opens the stored value, and nothing else that vouches for it.
    func openWithMask(
        _ value: EntryValueRow?,
        owner: OwnerScope,
        ring: KeyRing
    ) throws(VaultError) -> (value: SharedSecret, mask: Mask) {
        do {
            switch (kind, value?.sealed, value?.readable) {
            case (.secret, .some(let sealed), nil), (.credential, .some(let sealed), nil):
                let context = RecordContext(scope: owner, entry: id, version: version, kind: kind)
                let opened = try ring.open(sealed, as: context)
                let mask = opened.mask
                return (SharedSecret(opened.takeValue()), mask)
            case (.variable, nil, .some(let readable)):
                let secret = SharedSecret(copying: readable)
                return (secret, Mask(of: secret.bytes))
            default:
                throw SealingError.malformedRecord
            }
        } catch {
            throw .integrity(entry: name.text)
        }
    }
}
