// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Testing
internal import VaultModel

struct AuditStemTests {
    static let records: [AuditRecord] = [
        .sample(), .sample(digest: nil, details: [], requestID: nil), .sample(subjects: [], details: [], requestID: ""),
        .sample(
            actor: .nobody,
            action: .credentialUse,
            outcome: .denied(reason: "expired"),
            subjects: (1...3).map { AuditSubject(kind: .agent, id: "a\($0)") },
            details: (0..<300).map { AuditDetail(key: "k\($0)", value: String(repeating: "v", count: $0)) }
        ),
        .sample(
            actor: .localOperator(uid: 7),
            // Longer than a text may be, of characters that are several bytes.
            details: [AuditDetail(key: "é", value: String(repeating: "👩‍👩‍👧", count: 40))],
            requestID: String(repeating: "ü", count: 300)
        ),
    ]

    @Test(arguments: records)
    func anEntryHasTheBytesOfTheRecordThatSaysTheSame(record: AuditRecord) throws {
        let stem = AuditStem(
            actor: record.actor,
            action: record.action,
            outcome: record.outcome,
            subjects: record.subjects,
            digest: record.digest
        )
        for _ in 0..<2 {
            var open = stem.entry(at: record.at)
            for detail in record.details { open.add(detail.key, detail.value) }
            let entry = open.end(record.requestID)
            #expect(entry == record.encoded())
            #expect(try AuditRecord(decoding: entry).encoded() == entry)
        }
    }

    @Test func anEntryThatHasEndedGoesOnInItsCopy() throws {
        let details = [AuditDetail(key: "a", value: "1"), AuditDetail(key: "b", value: "2")]
        let whole = AuditRecord.sample(details: details)
        let stem = AuditStem(
            actor: whole.actor,
            action: whole.action,
            outcome: whole.outcome,
            subjects: whole.subjects,
            digest: whole.digest
        )
        var open = stem.entry(at: whole.at)
        open.add("a", "1")
        #expect(open.end(whole.requestID) == AuditRecord.sample(details: [details[0]]).encoded())
        var copy = open
        copy.add("b", "2")
        #expect(copy.end(whole.requestID) == whole.encoded())
        #expect(open.end(whole.requestID) == AuditRecord.sample(details: [details[0]]).encoded())
    }

    @Test func aRecordThatIsEncodedMakesTheSameLink() throws {
        let ring = KeyRing.generate()
        let (link, head) = try AuditChain.append(.sample(), to: nil, chain: "c", ring: ring)
        var end = try ChainEnd(of: "c", after: nil, ring: ring)
        #expect(try end.append(AuditRecord.sample().encoded(), ring: ring) == link)
        #expect(try end.head() == head)
    }
}
