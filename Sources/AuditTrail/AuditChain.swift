// SPDX-License-Identifier: Apache-2.0

package import Sealing

/// Chains audit entries: each link's code covers its entry, its place and the code before it.
///
/// Pure; the caller reads the head and stores link and head in the transaction of what they record.
package enum AuditChain {
    /// Makes the link after `head` and the new head; without a head, the first link.
    ///
    /// Throws when `head` is not one of `chain` that was once written: nothing is appended to a chain that somebody
    /// else continued.
    package static func append(
        _ record: AuditRecord,
        to head: ChainHead?,
        chain: String,
        ring: KeyRing
    ) throws(AuditError) -> (ChainLink, ChainHead) {
        try head?.verify(for: chain, with: ring)
        let (sequence, overflows) = (head?.sequence ?? 0).addingReportingOverflow(1)
        guard !overflows else { throw .headDamaged }
        let epoch = ring.activeEpoch
        let entry = record.encoded()
        do {
            let code = try ring.chainCode(
                chain: chain,
                sequence: sequence,
                previous: head?.code ?? [],
                entry: entry,
                epoch: epoch
            )
            let headCode = try ring.headCode(chain: chain, sequence: sequence, code: code, epoch: epoch)
            return (
                ChainLink(chain: chain, sequence: sequence, epoch: epoch, entry: entry, code: code),
                ChainHead(chain: chain, sequence: sequence, epoch: epoch, code: code, headCode: headCode)
            )
        } catch {
            throw .unknownEpoch(epoch, sequence: sequence)
        }
    }
}
