// SPDX-License-Identifier: Apache-2.0

package import Sealing

/// Checks a chain link by link, in order: finds what was changed, inserted, moved, left out or cut off.
///
/// What it cannot find is a whole database that was put back to an earlier state, head included. For that, start from a
/// head that was kept elsewhere.
package struct ChainVerifier: Sendable {
    private let chain: String
    private let ring: KeyRing
    package private(set) var lastSequence: Int64 = 0
    package private(set) var lastCode: [UInt8] = []
    /// Of every entry up to the last one, the removed ones included.
    package private(set) var digest = EntryDigest()

    /// Starts at the first link.
    package init(chain: String, ring: KeyRing) {
        self.chain = chain
        self.ring = ring
    }

    /// Starts at the link after `head`, which was kept from an earlier check and is checked itself.
    package init(chain: String, ring: KeyRing, after head: ChainHead) throws(AuditError) {
        self.init(chain: chain, ring: ring)
        try head.verify(for: chain, with: ring)
        lastSequence = head.sequence
        lastCode = head.code
    }

    /// Starts at the link after `checkpoint`, whose signature is checked.
    package init(chain: String, ring: KeyRing, after checkpoint: AuditCheckpoint) throws(AuditError) {
        self.init(chain: chain, ring: ring)
        guard checkpoint.chain == chain else { throw .otherChain(sequence: checkpoint.sequence) }
        try checkpoint.verify(with: ring)
        lastSequence = checkpoint.sequence
        lastCode = checkpoint.code
        digest = EntryDigest(of: checkpoint)
    }

    /// Starts at the link after `segment`, which the caller has verified.
    package init(chain: String, ring: KeyRing, after segment: PrunedSegment) {
        self.init(chain: chain, ring: ring)
        lastSequence = segment.end.sequence
        lastCode = segment.end.code
        digest = EntryDigest(of: segment.end)
    }

    /// Checks that the chain, read up to the place of `checkpoint`, is the one that was signed.
    package func check(_ checkpoint: AuditCheckpoint) throws(AuditError) {
        guard checkpoint.chain == chain else { throw .otherChain(sequence: checkpoint.sequence) }
        try checkpoint.verify(with: ring)
        guard checkpoint.sequence == lastSequence, constantTimeEqual(checkpoint.code, lastCode),
            checkpoint.digest == digest.bytes
        else { throw .forked(sequence: checkpoint.sequence) }
    }

    /// Checks that `link` is the next one; after an error the verifier has not moved.
    package mutating func check(_ link: ChainLink) throws(AuditError) {
        guard link.chain == chain else { throw .otherChain(sequence: link.sequence) }
        let (expected, overflows) = lastSequence.addingReportingOverflow(1)
        guard !overflows, link.sequence == expected else { throw .gap(expected: expected, found: link.sequence) }
        let code: [UInt8]
        do {
            code = try ring.chainCode(
                chain: chain,
                sequence: link.sequence,
                previous: lastCode,
                entry: link.entry,
                epoch: link.epoch
            )
        } catch {
            throw .unknownEpoch(link.epoch, sequence: link.sequence)
        }
        guard constantTimeEqual(link.code, code) else { throw .changed(sequence: link.sequence) }
        lastSequence = link.sequence
        lastCode = link.code
        digest.add(link.entry, sequence: link.sequence)
    }

    /// Checks that the chain ends where its stored head says; nil stands for a chain without a head.
    package func finish(head: ChainHead?) throws(AuditError) {
        guard let head else {
            guard lastSequence == 0 else { throw .headMissing(lastSequence: lastSequence) }
            return
        }
        try head.verify(for: chain, with: ring)
        if head.sequence > lastSequence {
            throw .truncated(headSequence: head.sequence, lastSequence: lastSequence)
        }
        if head.sequence < lastSequence {
            throw .headBehind(headSequence: head.sequence, lastSequence: lastSequence)
        }
        guard constantTimeEqual(head.code, lastCode) else { throw .headDamaged }
    }
}
