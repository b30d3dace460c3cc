// SPDX-License-Identifier: Apache-2.0

/// A sealed value as it is stored; `docs/formats/record.md` draws it.
package struct SealedRecord: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The epoch whose keys open it; nil when the bytes are no record.
    package var epoch: UInt32? { RecordLayout(bytes)?.epoch }

    /// The SHA-256 of the stored bytes, by which the audit trail names them.
    package var digest: [UInt8] { sha256(bytes) }
}
