// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// How much of a chain one request reads at most, so that a filter that nothing matches costs no more than this.
    private static let scanned: Int64 = 50_000

    /// Lists a trail, newest first.
    ///
    /// With a filter a page may hold fewer entries than asked for, or none, and still lead to the next. A look at the
    /// trail is recorded in it: the first of a minute at once, the others as a number.
    package func audit(
        _ page: PageRequest,
        _ filter: AuditFilter = AuditFilter(),
        of scope: AuditScope = .workspace,
        by caller: Caller
    ) async throws(VaultError) -> AuditPage {
        let before = try page.sequenceCursor()
        await attempts.settle()
        let (found, view): (AuditPage, RepeatedEvent) = try await read(.auditView, by: caller) { act in
            let chain = try act.chain(scope)
            let end = try before ?? act.connection.auditHead(chain).map { $0.sequence + 1 } ?? 1
            let found = try act.connection.auditPage(chain, before: end, filter, limit: page.limit)
            return (found, act.view("list", filter.details))
        }
        try await record(view)
        return found
    }

    /// Checks a whole chain: no entry changed, inserted, moved, missing, cut off or put back.
    ///
    /// `anchors` are checkpoints that were kept outside of the database, in their text form; those of other chains are
    /// passed over.
    package func verifyAudit(
        anchors: [String] = [],
        of scope: AuditScope = .workspace,
        by caller: Caller
    ) async throws(VaultError) -> AuditVerificationBody {
        await attempts.settle()
        var parsed: [AuditCheckpoint] = []
        for text in anchors {
            guard let anchor = AuditCheckpoint(text: text) else {
                throw .invalidField("anchors", reason: "a checkpoint is written as the server gave it: atc1.…")
            }
            parsed.append(anchor)
        }
        let (result, view): (AuditVerificationBody, RepeatedEvent) = try await read(.auditVerify, by: caller) {
            [keys, parsed] act in
            let chain = try act.chain(scope)
            let result = try act.connection.verifiedChain(
                chain,
                ring: keys.ring,
                anchors: parsed.filter { $0.chain == chain },
                mustExist: scope == .workspace
            )
            return (result, act.view("verify", []))
        }
        try await record(view)
        return result
    }

    static var scanWindow: Int64 { scanned }
}

extension Act {
    /// That somebody looked at the trail, for the trail.
    func view(_ kind: String, _ details: [AuditDetail]) -> RepeatedEvent {
        RepeatedEvent(
            chain: workspace.text,
            actor: member.actor,
            action: .auditView,
            outcome: .allowed,
            details: [AuditDetail(key: "view", value: kind)] + details
        )
    }
}

extension SQLConnection {
    fileprivate func auditPage(
        _ chain: String,
        before end: Int64,
        _ filter: AuditFilter,
        limit: Int
    ) throws -> AuditPage {
        let first = max(1, end - Vault.scanWindow)
        var next = end
        var entries: [AuditEntryBody] = []
        while entries.count < limit, next > first {
            let batch = filter == AuditFilter() ? limit - entries.count : 1_000
            let rows = try auditEntries(
                chain,
                from: first,
                before: next,
                action: filter.action,
                since: filter.since,
                until: filter.until,
                limit: batch
            )
            for row in rows {
                guard entries.count < limit else { break }
                next = row.sequence
                let record = try AuditRecord(decoding: row.entry)
                if filter.matches(record) { entries.append(AuditEntryBody(record, row)) }
            }
            if rows.count < batch, entries.count < limit { next = first }
        }
        let hasMore = try !auditEntries(chain, before: next, limit: 1).isEmpty
        return AuditPage(entries: entries, nextCursor: hasMore ? String(next) : nil)
    }

    /// Checks a whole chain, from its first entry, or what stands for it, to its head.
    func verifiedChain(
        _ chain: String,
        ring: KeyRing,
        anchors: [AuditCheckpoint] = [],
        mustExist: Bool = false
    ) throws -> AuditVerificationBody {
        var check = ChainCheck(connection: self, chain: chain, ring: ring)
        do {
            try check.run(anchors: anchors, mustExist: mustExist)
        } catch let error as AuditError {
            check.result.intact = false
            check.result.problem = error.finding
        }
        return check.result
    }
}

/// One pass over a stored chain, with its checkpoints and what retention removed.
private struct ChainCheck {
    let connection: any SQLConnection
    let chain: String
    let ring: KeyRing
    var result = AuditVerificationBody(intact: true, entries: 0, problem: nil, head: nil)

    mutating func run(anchors: [AuditCheckpoint], mustExist: Bool) throws {
        let segments = try verifiedSegments()
        var verifier =
            segments.last.map { ChainVerifier(chain: chain, ring: ring, after: $0) }
            ?? ChainVerifier(chain: chain, ring: ring)
        let start = verifier.lastSequence
        result.removed = start
        if let stray = try connection.auditEntries(chain, from: 0, limit: 1).first, stray.sequence <= start {
            throw AuditError.gap(expected: start + 1, found: stray.sequence)
        }
        if let stray = try connection.auditCheckpoints(chain, from: .min, limit: 1).first,
            stray.sequence < max(1, start)
        {
            throw AuditError.checkpointDamaged(sequence: stray.sequence)
        }
        if let end = segments.last?.end {
            let kept = try connection.auditCheckpoints(chain, from: end.sequence, limit: 1).first
            guard kept?.checkpoint == end.encoded(), kept?.at == end.at else {
                throw AuditError.checkpointDamaged(sequence: end.sequence)
            }
        }
        for anchor in anchors { try anchor.verify(with: ring) }
        var anchors = anchors.sorted { $0.sequence < $1.sequence }[...]
        try compare(&anchors, with: segments, upTo: start)
        while true {
            let rows = try connection.auditEntries(chain, from: verifier.lastSequence + 1, limit: 1_000)
            guard let last = rows.last else { break }
            let stored = try connection.auditCheckpoints(chain, from: verifier.lastSequence + 1, limit: rows.count)
            var checkpoints = try stored.filter { $0.sequence <= last.sequence }.map { try $0.decoded() }[...]
            for row in rows {
                try verifier.check(ChainLink(row))
                try row.checkColumns()
                result.entries += 1
                result.head = hexadecimal(row.code)
                while let checkpoint = checkpoints.first, checkpoint.sequence == row.sequence {
                    try verifier.check(checkpoint)
                    result.checkpoints += 1
                    checkpoints.removeFirst()
                }
                while let anchor = anchors.first, anchor.sequence == row.sequence {
                    try verifier.check(anchor)
                    result.anchors += 1
                    anchors.removeFirst()
                }
            }
        }
        let head = try connection.auditHead(chain).map(ChainHead.init)
        if mustExist, head == nil, verifier.lastSequence == 0 { throw AuditError.chainMissing }
        try verifier.finish(head: head)
        let furthest = [anchors.last?.sequence, try connection.lastAuditCheckpoint(chain)?.sequence].compactMap { $0 }
        if let checkpoint = furthest.max(), checkpoint > verifier.lastSequence {
            throw AuditError.rolledBack(checkpoint: checkpoint, headSequence: verifier.lastSequence)
        }
    }

    private func verifiedSegments() throws -> [PrunedSegment] {
        var expected: Int64 = 1
        return try connection.auditSegments(chain).map { row in
            guard let end = AuditCheckpoint(decoding: row.checkpoint), end.sequence == row.last else {
                throw AuditError.segmentDamaged(first: row.first)
            }
            let segment = PrunedSegment(
                first: row.first,
                end: end,
                prunedAt: row.prunedAt,
                epoch: UInt32(truncatingIfNeeded: row.epoch),
                code: row.code
            )
            try segment.verify(for: chain, from: expected, with: ring)
            expected = row.last + 1
            return segment
        }
    }

    /// Compares the anchors among removed entries, as far as something of those is left.
    private mutating func compare(
        _ anchors: inout ArraySlice<AuditCheckpoint>,
        with segments: [PrunedSegment],
        upTo last: Int64
    ) throws {
        while let anchor = anchors.first, anchor.sequence <= last {
            if let segment = segments.first(where: { $0.end.sequence == anchor.sequence }) {
                guard segment.end.code == anchor.code else { throw AuditError.forked(sequence: anchor.sequence) }
                result.anchors += 1
            } else {
                result.anchorsOfRemovedEntries += 1
            }
            anchors.removeFirst()
        }
    }
}

extension AuditCheckpointRow {
    func decoded() throws -> AuditCheckpoint {
        guard let decoded = AuditCheckpoint(decoding: checkpoint), decoded.sequence == sequence,
            decoded.chain == chain, decoded.at == at
        else { throw AuditError.checkpointDamaged(sequence: sequence) }
        return decoded
    }
}

extension PageRequest {
    func sequenceCursor() throws(VaultError) -> Int64? {
        guard let cursor else { return nil }
        guard let sequence = Int64(cursor), sequence > 0 else { throw .invalidCursor }
        return sequence
    }
}

extension ChainLink {
    init(_ row: AuditEntryRow) {
        self.init(
            chain: row.chain,
            sequence: row.sequence,
            epoch: UInt32(truncatingIfNeeded: row.epoch),
            entry: row.entry,
            code: row.code
        )
    }
}

extension ChainHead {
    init(_ row: AuditHeadRow) {
        self.init(
            chain: row.chain,
            sequence: row.sequence,
            epoch: UInt32(truncatingIfNeeded: row.epoch),
            code: row.code,
            headCode: row.headCode
        )
    }
}

extension AuditEntryRow {
    /// The columns that lists filter by must say what the chained bytes say.
    fileprivate func checkColumns() throws {
        let record = try AuditRecord(decoding: entry)
        guard record.at == at, record.action.rawValue == action, record.subjects.first?.id == subject else {
            throw AuditError.changed(sequence: sequence)
        }
    }
}

extension AuditEntryBody {
    init(_ record: AuditRecord, _ row: AuditEntryRow) {
        let refusal: String? =
            switch record.outcome {
            case .allowed: nil
            case .denied(let reason): reason
            }
        self.init(
            sequence: row.sequence,
            at: record.at,
            actor: record.actor.label,
            action: record.action.rawValue,
            allowed: refusal == nil,
            reason: refusal,
            subjects: record.subjects.map {
                AuditSubjectBody(kind: $0.kind.rawValue, id: $0.id, name: $0.name, version: $0.version)
            },
            details: Dictionary(record.details.map { ($0.key, $0.value) }) { first, _ in first },
            requestId: record.requestID,
            code: hexadecimal(row.code)
        )
    }
}

extension AuditActor {
    var label: String {
        switch self {
        case .localOperator(let uid): "operator:\(uid)"
        case .workspaceKey(let token): "api_key:\(token)"
        case .gateway(let agent, _): "agent:\(agent)"
        case .user(let user, _): "user:\(user)"
        case .server: "server"
        case .nobody: "nobody"
        }
    }
}
