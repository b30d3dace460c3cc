// SPDX-License-Identifier: Apache-2.0

internal import Sealing

/// Where a chain ends, as it is stored: written in the transaction of the last link.
package struct ChainHead: Hashable, Sendable {
    package let chain: String
    package let sequence: Int64
    package let epoch: UInt32
    /// The code of the last link.
    package let code: [UInt8]
    /// Vouches for all of the above.
    package let headCode: [UInt8]

    package init(chain: String, sequence: Int64, epoch: UInt32, code: [UInt8], headCode: [UInt8]) {
        self.chain = chain
        self.sequence = sequence
        self.epoch = epoch
        self.code = code
        self.headCode = headCode
    }

    /// Checks that this is a head of `chain` that was once written.
    func verify(for chain: String, with ring: KeyRing) throws(AuditError) {
        guard self.chain == chain else { throw .otherChain(sequence: sequence) }
        guard sequence >= 1 else { throw .headDamaged }
        let expected: [UInt8]
        do {
            expected = try ring.headCode(chain: chain, sequence: sequence, code: code, epoch: epoch)
        } catch {
            throw .unknownEpoch(epoch, sequence: sequence)
        }
        guard constantTimeEqual(headCode, expected) else { throw .headDamaged }
    }
}
