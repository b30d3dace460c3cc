// SPDX-License-Identifier: Apache-2.0

package import Sealing

/// The end of a chain that grows: each link's code covers its entry, its place and the code before it.
///
/// The head that is stored is checked once, when the chain is taken up, and the new one is made once, when all records
/// are in. Pure; the caller stores links and head in the transaction of what they record.
package struct ChainEnd: Sendable {
    package let chain: String
    package private(set) var sequence: Int64 = 0
    package private(set) var epoch: UInt32 = 0
    /// Of the last link.
    package private(set) var code: [UInt8] = []
    /// Of the last link.
    private var ring: KeyRing
    /// Of every entry up to the last one; nil where nobody has read them.
    package private(set) var digest: EntryDigest?

    /// Takes the chain up after `head`; without one, a new chain.
    ///
    /// Throws when `head` is not one of `chain` that was once written: nothing is appended to a chain that somebody
    /// else continued.
    package init(of chain: String, after head: ChainHead?, ring: KeyRing) throws(AuditError) {
        self.chain = chain
        self.ring = ring
        guard let head else {
            digest = EntryDigest()
            return
        }
        try head.verify(for: chain, with: ring)
        (sequence, epoch, code) = (head.sequence, head.epoch, head.code)
    }

    /// Takes the digest of the entries up to a link of this chain; nothing where that is not the last one.
    ///
    /// The code of a link stands for all entries up to it, so that equal codes are of equal entries.
    package mutating func learn(_ known: EntryDigest, upTo sequence: Int64, code: [UInt8]) {
        guard sequence == self.sequence, constantTimeEqual(code, self.code) else { return }
        digest = known
    }

    /// Makes the next link.
    package mutating func append(_ record: AuditRecord, ring: KeyRing) throws(AuditError) -> ChainLink {
        try append(record.encoded(), ring: ring)
    }

    /// Makes the next link, of a record that is encoded.
    package mutating func append(_ entry: [UInt8], ring: KeyRing) throws(AuditError) -> ChainLink {
        try extend(by: entry, ring: ring)
        return ChainLink(chain: chain, sequence: sequence, epoch: epoch, entry: entry, code: code)
    }

    /// The same, where all but the entry is taken from the new end.
    package mutating func extend(by entry: [UInt8], ring: KeyRing) throws(AuditError) {
        let (sequence, overflows) = sequence.addingReportingOverflow(1)
        guard !overflows else { throw .headDamaged }
        let epoch = ring.activeEpoch
        do {
            code = try ring.chainCode(chain: chain, sequence: sequence, previous: code, entry: entry, epoch: epoch)
        } catch {
            throw .unknownEpoch(epoch, sequence: sequence)
        }
        self.sequence = sequence
        if self.epoch != epoch { (self.epoch, self.ring) = (epoch, ring) }
        digest?.add(entry, sequence: sequence)
    }

    /// The head to be stored; nil as long as the chain has no link.
    package func head() throws(AuditError) -> ChainHead? {
        guard sequence > 0 else { return nil }
        do {
            let headCode = try ring.headCode(chain: chain, sequence: sequence, code: code, epoch: epoch)
            return ChainHead(chain: chain, sequence: sequence, epoch: epoch, code: code, headCode: headCode)
        } catch {
            throw .unknownEpoch(epoch, sequence: sequence)
        }
    }
}
