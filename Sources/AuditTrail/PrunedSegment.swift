// SPDX-License-Identifier: Apache-2.0

package import Sealing
package import VaultModel

/// The record that stands for entries which retention has removed, so that the rest of the chain still verifies.
///
/// It ends at a checkpoint, and begins where the segment before it ended. Without the vault's keys nobody can make one,
/// so entries that are missing and have no segment were taken out by somebody else.
package struct PrunedSegment: Hashable, Sendable {
    package let first: Int64
    /// The last checkpoint that the removed entries reached.
    package let end: AuditCheckpoint
    package let prunedAt: Timestamp
    package let epoch: UInt32
    /// Vouches for all of the above.
    package let code: [UInt8]

    package init(first: Int64, end: AuditCheckpoint, prunedAt: Timestamp, epoch: UInt32, code: [UInt8]) {
        self.first = first
        self.end = end
        self.prunedAt = prunedAt
        self.epoch = epoch
        self.code = code
    }

    package static func make(
        first: Int64,
        end: AuditCheckpoint,
        at time: Timestamp,
        ring: KeyRing
    ) throws(AuditError) -> PrunedSegment {
        let epoch = ring.activeEpoch
        let code = try code(first: first, end: end, at: time, epoch: epoch, ring: ring)
        return PrunedSegment(first: first, end: end, prunedAt: time, epoch: epoch, code: code)
    }

    /// Checks that this was made by the vault, for `chain`, and follows a segment that ended before `first`.
    package func verify(for chain: String, from expected: Int64, with ring: KeyRing) throws(AuditError) {
        guard end.chain == chain else { throw .otherChain(sequence: end.sequence) }
        guard first == expected, end.sequence >= first else { throw .gap(expected: expected, found: first) }
        try end.verify(with: ring)
        let made = try Self.code(first: first, end: end, at: prunedAt, epoch: epoch, ring: ring)
        guard constantTimeEqual(code, made) else { throw .segmentDamaged(first: first) }
    }

    private static func code(
        first: Int64,
        end: AuditCheckpoint,
        at time: Timestamp,
        epoch: UInt32,
        ring: KeyRing
    ) throws(AuditError) -> [UInt8] {
        var content = CanonicalBytes(reserving: 320)
        content.append(prefixed: "segment/v1")
        content.append(first)
        content.append(prefixed: end.encoded())
        content.append(time.milliseconds)
        do {
            // The same key as the chain's; the words at the beginning keep the contents apart.
            return try ring.chainCode(
                chain: end.chain,
                sequence: first,
                previous: [],
                entry: content.bytes,
                epoch: epoch
            )
        } catch {
            throw .unknownEpoch(epoch, sequence: first)
        }
    }
}
