// SPDX-License-Identifier: Apache-2.0

/// What is wrong with an audit chain, or with one of its entries.
///
/// Numbers only: an entry that was tampered with may say anything.
package enum AuditError: Error, Equatable, Sendable {
    /// The entry at this place, or its code, is not what was written, or does not follow the one before it.
    case changed(sequence: Int64)
    /// An entry is missing, repeated or moved.
    case gap(expected: Int64, found: Int64)
    /// Entries at the end are missing.
    case truncated(headSequence: Int64, lastSequence: Int64)
    /// The head is older than the last entry: one of them was put back.
    case headBehind(headSequence: Int64, lastSequence: Int64)
    /// There are entries and no head.
    case headMissing(lastSequence: Int64)
    /// The head is not the one that was written.
    case headDamaged
    /// A link or head of another chain.
    case otherChain(sequence: Int64)
    /// The key ring has no such epoch.
    case unknownEpoch(UInt32, sequence: Int64)
    /// The bytes are not an entry of a known form.
    case malformedEntry
    /// There is neither an entry nor a head of a chain that must have both.
    case chainMissing
    /// A checkpoint is not one that this vault signed.
    case checkpointDamaged(sequence: Int64)
    /// The chain has another entry at that place than when the checkpoint was signed: it was forked.
    case forked(sequence: Int64)
    /// The chain ends before a checkpoint that was signed: the database was put back to an earlier state.
    case rolledBack(checkpoint: Int64, headSequence: Int64)
    /// The record of removed entries is not one that this vault made.
    case segmentDamaged(first: Int64)

    /// One sentence for people.
    package var finding: String {
        switch self {
        case .changed(let sequence): "entry \(sequence) was changed"
        case .gap(let expected, let found): "entry \(found) stands where entry \(expected) belongs"
        case .truncated(let head, let last): "entries \(last + 1) to \(head) are missing at the end"
        case .headBehind(let head, let last): "the head names entry \(head), and the last entry is \(last)"
        case .headMissing(let last): "the head is missing, and there are entries up to \(last)"
        case .headDamaged: "the head was changed"
        case .otherChain(let sequence): "entry \(sequence) belongs to another chain"
        case .unknownEpoch(let epoch, let sequence): "entry \(sequence) names epoch \(epoch), which has no key"
        case .malformedEntry: "an entry cannot be read"
        case .chainMissing: "the whole chain is missing"
        case .checkpointDamaged(let sequence): "the checkpoint at entry \(sequence) is not one that this vault signed"
        case .forked(let sequence): "entry \(sequence) is another one than when its checkpoint was signed"
        case .rolledBack(let checkpoint, let head):
            "a checkpoint was signed at entry \(checkpoint), and the chain ends at \(head): "
                + "the database was put back to an earlier state"
        case .segmentDamaged(let first): "the record of the entries removed from \(first) on was changed"
        }
    }
}
