// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

/// What a backup says of itself, in its first file; `docs/formats/backup.md` has an example.
///
/// Readable without a key. ``code`` vouches for the rest: it is checked once the key ring inside has been opened.
package struct BackupManifest: Codable, Equatable, Sendable {
    package static let format = 1
    package static let fileName = "manifest.json"
    package static let databaseName = "attache.db"
    static let maximumBytes = 16 << 20

    /// The end of an audit chain at the time of the backup: an anchor that the chain must still pass through later.
    package struct Chain: Codable, Equatable, Sendable {
        package var chain: String
        package var sequence: Int64
        package var epoch: Int64
        /// Hexadecimal.
        package var code: String
        package var headCode: String
        /// The last checkpoint of the chain, as text, where it has one; signed itself, and so not part of ``content``.
        package var checkpoint: String?
    }

    package var format: Int
    package var id: String
    package var createdAt: Timestamp
    /// The program that made it.
    package var version: String
    package var schemaVersion: Int64
    /// The master keys that open it.
    package var masterKeyIds: [String]
    package var databaseBytes: Int64
    /// SHA-256 of the database, hexadecimal.
    package var databaseDigest: String
    package var chains: [Chain]
    /// The code of all of the above, hexadecimal.
    package var code: String

    var content: RowContent {
        var content = RowContent("backup/v1")
            .adding(Int64(format)).adding(id).adding(createdAt.milliseconds).adding(version).adding(schemaVersion)
            .adding(Int64(masterKeyIds.count))
        for id in masterKeyIds { content = content.adding(id) }
        content = content.adding(databaseBytes).adding(databaseDigest).adding(Int64(chains.count))
        for chain in chains {
            content = content.adding(chain.chain).adding(chain.sequence).adding(chain.epoch).adding(chain.code)
                .adding(chain.headCode)
        }
        return content
    }
}

extension BackupManifest.Chain {
    /// Every chain of a database, as its manifest names them.
    static func all(of connection: some SQLConnection) throws -> [BackupManifest.Chain] {
        try connection.auditHeads().map { row in
            BackupManifest.Chain(
                chain: row.chain,
                sequence: row.sequence,
                epoch: row.epoch,
                code: hexadecimal(row.code),
                headCode: hexadecimal(row.headCode),
                checkpoint: try connection.lastAuditCheckpoint(row.chain)?.decoded().text
            )
        }
    }
}
