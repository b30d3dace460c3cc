// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

/// What a verification of the whole vault found.
package struct VerificationFindings: Sendable {
    package internal(set) var rows: Int64 = 0
    package internal(set) var records: Int64 = 0
    package internal(set) var chains: Int64 = 0
    package internal(set) var auditEntries: Int64 = 0
    /// What is wrong, at most ``limit`` lines; never a part of a value.
    package internal(set) var problems: [String] = []

    static let limit = 1_000

    mutating func add(_ problem: String) {
        if problems.count < Self.limit { problems.append(problem) }
    }
}

extension Vault {
    /// Opens every record, verifies every code and every audit chain: that nothing is lost and nothing was changed.
    ///
    /// Goes on beside other requests, page by page.
    package func verifyEverything(by caller: Caller) async throws(VaultError) -> VerificationBody {
        try await requireOperator(caller, .keysVerify)
        try await read(.keysVerify, by: caller) { _ in }
        let start = ContinuousClock.now
        let findings = try await verification()
        let elapsed = ContinuousClock.now - start
        let _: Bool = try await write(.keysVerify, by: caller) { act in
            Done(
                true,
                AuditEvent(
                    action: .keysVerify,
                    subjects: [AuditSubject(kind: .workspace, id: act.workspace.text)],
                    details: [
                        AuditDetail(key: "rows", value: String(findings.rows)),
                        AuditDetail(key: "problems", value: String(findings.problems.count)),
                    ]
                )
            )
        }
        return VerificationBody(
            intact: findings.problems.isEmpty,
            rows: findings.rows,
            records: findings.records,
            chains: findings.chains,
            auditEntries: findings.auditEntries,
            problems: findings.problems,
            milliseconds: Int64(elapsed / .milliseconds(1))
        )
    }

    /// The verification itself; `progress` is told now and then how many rows were looked at.
    package func verification(
        progress: (Int64) async -> Void = { _ in }
    ) async throws(VaultError) -> VerificationFindings {
        // Three jobs that have nothing to do with each other, so that more than one core is busy.
        async let structure = mappingErrors { try await engine.structureProblems() }
        async let trails = chainFindings()
        var findings = try await rowFindings(progress)
        do {
            for problem in try await structure { findings.add(problem) }
            let found = try await trails
            findings.chains = found.chains
            findings.auditEntries = found.auditEntries
            for problem in found.problems { findings.add(problem) }
        } catch let error as VaultError {
            throw error
        } catch {
            throw .storage(.unavailable)
        }
        return findings
    }

    private func rowFindings(_ progress: (Int64) async -> Void) async throws(VaultError) -> VerificationFindings {
        var findings = VerificationFindings()
        var nextReport: Int64 = 5_000
        for table in SealedTable.allCases {
            var position: PagePosition?
            repeat {
                let after = position
                let (page, ring) = try await sealedPage(of: table, after: after)
                for row in page.rows {
                    do { try row.verify(with: ring) } catch { findings.add("\(row.label): \(error.finding)") }
                    findings.records += Int64(row.recordCount)
                }
                findings.rows += Int64(page.rows.count)
                position = page.end
                if findings.rows >= nextReport {
                    await progress(findings.rows)
                    nextReport = findings.rows + 5_000
                }
            } while position != nil
        }
        return findings
    }

    /// A page, and the ring of the same moment.
    private func sealedPage(
        of table: SealedTable,
        after position: PagePosition?
    ) async throws(VaultError) -> (SealedPage, KeyRing) {
        let keys = keys
        return try await mappingErrors {
            try await engine.read { connection in
                let ring = keys.ring
                return (try SealedPage(of: table, after: position, limit: 500, on: connection), ring)
            }
        }
    }

    private func chainFindings() async throws(VaultError) -> VerificationFindings {
        var findings = VerificationFindings()
        let ring = ring
        for chain in try await mappingErrors({ try await engine.read { try $0.auditChains() } }) {
            let found = try await mappingErrors {
                try await engine.read { try $0.verifiedChain(chain, ring: ring) }
            }
            findings.chains += 1
            findings.auditEntries += found.entries
            if let problem = found.problem { findings.add("audit trail of \(chain): \(problem)") }
        }
        return findings
    }
}

extension SealingError {
    /// What is wrong with a stored row, for people.
    fileprivate var finding: String {
        switch self {
        case .wrongMasterKey, .keyRingDamaged, .malformedMasterKey, .malformedToken, .valueTooLong,
            .passwordWorkFailed:
            "cannot be used"
        case .malformedSalt: "the owner's salt is missing, damaged or destroyed"
        case .malformedRecord: "the stored value is not one that was written"
        case .unknownEpoch(let epoch): "it names epoch \(epoch), which opens nothing"
        case .wrongKey: "the value was sealed for another owner, or its commitment was changed"
        case .damagedRecord: "the value was changed or moved"
        case .rowCodeMismatch: "the row was changed or moved"
        }
    }
}
