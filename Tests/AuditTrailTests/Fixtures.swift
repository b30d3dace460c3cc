// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import VaultModel

extension Timestamp {
    static let testTime = Timestamp(milliseconds: 1_790_000_000_000)
}

extension AuditRecord {
    static func sample(
        at: Timestamp = .testTime,
        actor: AuditActor = .server,
        action: Action = .entryCreate,
        outcome: AuditOutcome = .allowed,
        subjects: [AuditSubject] = [AuditSubject(kind: .entry, id: "e1", name: "API_KEY", version: 1)],
        digest: [UInt8]? = [UInt8](repeating: 7, count: 32),
        details: [AuditDetail] = [AuditDetail(key: "entries", value: "2")],
        requestID: String? = "r1"
    ) -> AuditRecord {
        AuditRecord(
            at: at,
            actor: actor,
            action: action,
            outcome: outcome,
            subjects: subjects,
            digest: digest,
            details: details,
            requestID: requestID
        )
    }
}

extension [UInt8] {
    func flippingBit(_ bit: Int) -> [UInt8] {
        var bytes = self
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return bytes
    }
}

/// One record, appended to a chain as a write that is alone in its transaction does it.
enum AuditChain {
    static func append(
        _ record: AuditRecord,
        to head: ChainHead?,
        chain: String,
        ring: KeyRing
    ) throws -> (ChainLink, ChainHead?) {
        var end = try ChainEnd(of: chain, after: head, ring: ring)
        return (try end.append(record, ring: ring), try end.head())
    }
}

/// A chain as a store would hold it.
struct StoredChain: Sendable {
    var links: [ChainLink] = []
    var head: ChainHead?

    /// Appends `count` entries.
    mutating func append(_ count: Int, chain: String = "c", ring: KeyRing) throws {
        for _ in 0..<count {
            let record = AuditRecord.sample(requestID: "r\(links.count + 1)")
            let (link, head) = try AuditChain.append(record, to: head, chain: chain, ring: ring)
            links.append(link)
            self.head = head
        }
    }

    func verify(chain: String = "c", ring: KeyRing) throws(AuditError) {
        var verifier = ChainVerifier(chain: chain, ring: ring)
        for link in links { try verifier.check(link) }
        try verifier.finish(head: head)
    }
}

extension ChainLink {
    func with(
        chain: String? = nil,
        sequence: Int64? = nil,
        epoch: UInt32? = nil,
        entry: [UInt8]? = nil,
        code: [UInt8]? = nil
    ) -> ChainLink {
        ChainLink(
            chain: chain ?? self.chain,
            sequence: sequence ?? self.sequence,
            epoch: epoch ?? self.epoch,
            entry: entry ?? self.entry,
            code: code ?? self.code
        )
    }
}

extension ChainHead {
    func with(
        chain: String? = nil,
        sequence: Int64? = nil,
        epoch: UInt32? = nil,
        code: [UInt8]? = nil,
        headCode: [UInt8]? = nil
    ) -> ChainHead {
        ChainHead(
            chain: chain ?? self.chain,
            sequence: sequence ?? self.sequence,
            epoch: epoch ?? self.epoch,
            code: code ?? self.code,
            headCode: headCode ?? self.headCode
        )
    }
}
