// SPDX-License-Identifier: Apache-2.0

/// The end of an audit chain.
package struct AuditHeadRow: Equatable, Sendable {
    package var chain: String
    package var sequence: Int64
    package var epoch: Int64
    package var code: [UInt8]
    package var headCode: [UInt8]

    package init(
        chain: String,
        sequence: Int64,
        epoch: Int64,
        code: [UInt8],
        headCode: [UInt8]
    ) {
        self.chain = chain
        self.sequence = sequence
        self.epoch = epoch
        self.code = code
        self.headCode = headCode
    }
}

/// The head of an audit chain that a write has moved; the row is asked for when it is to be stored.
package protocol MovedAuditHead: Sendable {
    var chain: String { get }
    /// Remembered once its transaction is committed.
    var knownDigest: KnownDigest? { get }

    func row() throws(StorageFailure) -> AuditHeadRow
}

/// The digest of a chain's entries up to the link with this number and code.
package struct KnownDigest: Equatable, Sendable {
    package let sequence: Int64
    package let code: [UInt8]
    package let bytes: [UInt8]

    package init(sequence: Int64, code: [UInt8], bytes: [UInt8]) {
        self.sequence = sequence
        self.code = code
        self.bytes = bytes
    }
}

extension AuditHeadRow: MovedAuditHead {
    package var knownDigest: KnownDigest? { nil }

    package func row() throws(StorageFailure) -> AuditHeadRow { self }
}

extension AuditHeadRow: StoredRow {
    static let table = "audit_heads"
    static let columns = [
        "chain", "sequence", "epoch", "code", "head_code",
    ]

    init(_ row: SQLRow) throws(StorageFailure) {
        self.init(
            chain: try row.text(0),
            sequence: try row.integer(1),
            epoch: try row.integer(2),
            code: try row.blob(3),
            headCode: try row.blob(4)
        )
    }

    var values: [SQLValue] {
        [
            .text(chain),
            .integer(sequence),
            .integer(epoch),
            .blob(code),
            .blob(headCode),
        ]
    }
}
