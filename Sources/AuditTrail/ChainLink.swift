// SPDX-License-Identifier: Apache-2.0

/// One entry in its place in a chain, as it is stored.
package struct ChainLink: Hashable, Sendable {
    package let chain: String
    /// Counted from 1.
    package let sequence: Int64
    package let epoch: UInt32
    package let entry: [UInt8]
    /// Vouches for the entry, its place, and all entries before it.
    package let code: [UInt8]

    package init(chain: String, sequence: Int64, epoch: UInt32, entry: [UInt8], code: [UInt8]) {
        self.chain = chain
        self.sequence = sequence
        self.epoch = epoch
        self.entry = entry
        self.code = code
    }
}
