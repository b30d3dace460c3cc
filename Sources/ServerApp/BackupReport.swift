// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import VaultCore
package import VaultModel

/// What is told about a backup that was verified or restored.
package struct BackupReport: Encodable, Equatable, Sendable {
    package var file: String
    package var id: String
    package var createdAt: Timestamp
    package var intact: Bool
    package var rows: Int64
    package var records: Int64
    package var auditEntries: Int64
    package var problems: [String]
    /// The folder that it was restored into.
    package var data: String?

    init(file: String, _ manifest: BackupManifest, _ findings: VerificationFindings) {
        self.file = file
        id = manifest.id
        createdAt = manifest.createdAt
        intact = findings.problems.isEmpty
        rows = findings.rows
        records = findings.records
        auditEntries = findings.auditEntries
        problems = findings.problems
    }
}
