// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Storage
package import VaultModel

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// How far an export has come.
package struct AuditExportPosition: Sendable {
    /// The last entry that the export will hold: what is written meanwhile is not part of it.
    let last: Int64
    fileprivate var next: Int64
    fileprivate var entries: Int64 = 0
    fileprivate var isAtStart = true
    fileprivate var hasEnded = false
}

extension Vault {
    private static let exportedAtOnce = 500

    /// Begins an export of a chain, oldest entry first, from the one after `sequence` on; recorded as a look at the
    /// trail.
    package func beginAuditExport(
        after sequence: Int64 = 0,
        of scope: AuditScope = .workspace,
        by caller: Caller
    ) async throws(VaultError) -> AuditExportPosition {
        await attempts.settle()
        let (position, view): (AuditExportPosition, RepeatedEvent) = try await read(.auditView, by: caller) { act in
            let chain = try act.chain(scope)
            let last = try act.connection.auditHead(chain)?.sequence ?? 0
            let details = [AuditDetail(key: "after", value: String(sequence))]
            return (AuditExportPosition(last: last, next: min(sequence, last) + 1), act.view("export", details))
        }
        try await record(view)
        return position
    }

    /// The next lines of an export; none when it is at its end.
    ///
    /// The caller is looked up again each time: an export ends with the right to make it.
    package func exportAudit(
        _ position: inout AuditExportPosition,
        of scope: AuditScope = .workspace,
        by caller: Caller
    ) async throws(VaultError) -> [AuditExportLine] {
        guard !position.hasEnded else { return [] }
        let from = position
        let (lines, reached): ([AuditExportLine], AuditExportPosition) = try await read(.auditView, by: caller) { act in
            try act.connection.exportLines(act.chain(scope), from: from, limit: Self.exportedAtOnce)
        }
        position = reached
        return lines
    }
}

extension SQLConnection {
    fileprivate func exportLines(
        _ chain: String,
        from start: AuditExportPosition,
        limit: Int
    ) throws -> ([AuditExportLine], AuditExportPosition) {
        var position = start
        var lines: [AuditExportLine] = []
        if position.isAtStart {
            position.isAtStart = false
            if let segment = try auditSegments(chain).last, segment.last >= position.next {
                guard let end = AuditCheckpoint(decoding: segment.checkpoint) else {
                    throw AuditError.segmentDamaged(first: segment.first)
                }
                var line = AuditExportLine(.start, chain: chain)
                line.checkpoint = end.text
                lines.append(line)
                position.next = segment.last + 1
            }
        }
        let rows = try auditEntries(chain, from: position.next, limit: limit).filter { $0.sequence <= position.last }
        let through = rows.last?.sequence ?? position.last
        var checkpoints = try auditCheckpoints(chain, from: position.next, limit: limit)
            .filter { $0.sequence <= through }.map { try $0.decoded() }[...]
        for row in rows {
            var line = AuditExportLine(.entry, chain: chain)
            line.epoch = UInt32(truncatingIfNeeded: row.epoch)
            line.bytes = Data(row.entry).base64EncodedString()
            line.entry = AuditEntryBody(try AuditRecord(decoding: row.entry), row)
            lines.append(line)
            position.entries += 1
            position.next = row.sequence + 1
            while let checkpoint = checkpoints.first, checkpoint.sequence == row.sequence {
                var line = AuditExportLine(.checkpoint, chain: chain)
                line.checkpoint = checkpoint.text
                lines.append(line)
                checkpoints.removeFirst()
            }
        }
        if rows.isEmpty || position.next > position.last {
            var line = AuditExportLine(.end, chain: chain)
            line.entries = position.entries
            lines.append(line)
            position.hasEnded = true
        }
        return (lines, position)
    }
}
