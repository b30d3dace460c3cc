// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Testing
internal import VaultModel

struct AuditRecordTests {
    /// Each differs from the first in one thing.
    static let records: [AuditRecord] = [
        .sample(),
        .sample(at: Timestamp(milliseconds: -1)),
        .sample(actor: .localOperator(uid: 0)),
        .sample(actor: .localOperator(uid: .max)),
        .sample(actor: .workspaceKey(TokenID(at: .testTime))),
        .sample(actor: .gateway(AgentID(at: .testTime), TokenID(at: .testTime))),
        .sample(action: .start),
        .sample(outcome: .denied(reason: "role")),
        .sample(outcome: .denied(reason: "")),
        .sample(subjects: []),
        .sample(subjects: [AuditSubject(kind: .agent, id: "e1", name: "API_KEY", version: 1)]),
        .sample(subjects: [AuditSubject(kind: .entry, id: "e2", name: "API_KEY", version: 1)]),
        .sample(subjects: [AuditSubject(kind: .entry, id: "e1", name: nil, version: 1)]),
        .sample(subjects: [AuditSubject(kind: .entry, id: "e1", name: "", version: 1)]),
        .sample(subjects: [AuditSubject(kind: .entry, id: "e1", name: "API_KEY", version: nil)]),
        .sample(subjects: [AuditSubject(kind: .entry, id: "e1API_KEY", name: "", version: 1)]),
        .sample(subjects: AuditSubject.Kind.allCases.map { AuditSubject(kind: $0, id: "x") }),
        .sample(digest: nil),
        .sample(digest: []),
        .sample(details: []),
        .sample(details: [AuditDetail(key: "entries2", value: "")]),
        .sample(details: [AuditDetail(key: "entries", value: "2"), AuditDetail(key: "", value: "")]),
        .sample(details: [AuditDetail(key: "entries", value: String(repeating: "é", count: 128))]),
        .sample(requestID: nil),
        .sample(requestID: ""),
    ]

    @Test(arguments: records)
    func aRecordDecodesToItself(record: AuditRecord) throws {
        #expect(try AuditRecord(decoding: record.encoded()) == record)
    }

    @Test(arguments: Action.allCases)
    func everyActionCanBeRecorded(action: Action) throws {
        #expect(try AuditRecord(decoding: AuditRecord.sample(action: action).encoded()).action == action)
    }

    @Test func differentRecordsHaveDifferentBytes() {
        #expect(Set(Self.records.map { $0.encoded() }).count == Self.records.count)
    }

    @Test func theFormIsTheOneThatIsWrittenDown() {
        let record = AuditRecord(
            at: Timestamp(milliseconds: 1),
            actor: .localOperator(uid: 2),
            action: .attach,
            outcome: .denied(reason: "no"),
            subjects: [AuditSubject(kind: .entry, id: "e", name: nil, version: 3)],
            digest: [9],
            details: [AuditDetail(key: "k", value: "v")],
            requestID: nil
        )
        let expected: [[UInt8]] = [
            [1], [0, 0, 0, 0, 0, 0, 0, 1],
            [1, 0, 0, 0, 2],
            [0, 0, 0, 12] + Array("agent.attach".utf8),
            [2, 0, 0, 0, 2] + Array("no".utf8),
            [0, 0, 0, 1, 3, 0, 0, 0, 1] + Array("e".utf8) + [0, 1, 0, 0, 0, 0, 0, 0, 0, 3],
            [1, 0, 0, 0, 1, 9],
            [0, 0, 0, 1, 0, 0, 0, 1] + Array("k".utf8) + [0, 0, 0, 1] + Array("v".utf8),
            [0],
        ]
        #expect(record.encoded() == expected.flatMap(\.self))
    }

    static let long: [(String, Int)] = [
        (String(repeating: "x", count: 256), 256),
        (String(repeating: "x", count: 257), 256),
        (String(repeating: "x", count: 100_000), 256),
        ("x" + String(repeating: "é", count: 200), 255),
        (String(repeating: "日", count: 100), 255),
        (String(repeating: "e\u{301}", count: 100), 255),
        // A family is one character of 25 bytes.
        (String(repeating: "👨‍👩‍👧‍👦", count: 20), 250),
        // One character that is longer than the limit.
        ("e" + String(repeating: "\u{301}", count: 200), 0),
    ]

    @Test(arguments: long)
    func longTextIsCutBetweenTwoCharacters(text: String, bytes: Int) throws {
        let record = AuditRecord.sample(
            subjects: [AuditSubject(kind: .agent, id: "a", name: text)],
            details: [AuditDetail(key: "note", value: text)],
            requestID: text
        )
        let decoded = try AuditRecord(decoding: record.encoded())
        let requestID = try #require(decoded.requestID)
        #expect(requestID.utf8.count == bytes)
        #expect(text.hasPrefix(requestID))
        #expect(decoded.subjects.first?.name == requestID)
        #expect(decoded.details.first?.value == requestID)
        #expect(decoded.encoded() == record.encoded())
    }

    private static let full = AuditRecord.sample(
        actor: .gateway(AgentID(at: .testTime), TokenID(at: .testTime)),
        outcome: .denied(reason: "role")
    ).encoded()

    @Test(arguments: full.indices)
    func anEntryThatIsCutOffIsRefused(count: Int) {
        #expect(throws: AuditError.malformedEntry) { try AuditRecord(decoding: Array(Self.full[..<count])) }
    }

    @Test func anEntryThatWasExtendedIsRefused() {
        #expect(throws: AuditError.malformedEntry) { try AuditRecord(decoding: Self.full + [0]) }
    }

    /// What decodes at all decodes to something that encodes to the same bytes: no entry has two spellings.
    @Test(arguments: full.indices.flatMap { byte in (0..<8).map { 8 * byte + $0 } })
    func noEntryHasTwoSpellings(bit: Int) {
        let changed = Self.full.flippingBit(bit)
        guard let decoded = try? AuditRecord(decoding: changed) else { return }
        #expect(decoded.encoded() == changed)
        #expect(changed != Self.full)
    }

    @Test func anIDInUpperCaseIsAnotherSpelling() throws {
        let id = "0abcdef0-0000-7000-8000-00000000000a"
        let token = try #require(TokenID(id))
        let bytes = AuditRecord.sample(actor: .workspaceKey(token)).encoded()
        let start = try #require(bytes.indices.first { Array(bytes[$0...].prefix(36)) == Array(id.utf8) })
        var changed = bytes
        changed.replaceSubrange(start..<start + 36, with: id.uppercased().utf8)
        #expect(throws: AuditError.malformedEntry) { try AuditRecord(decoding: changed) }
    }

    @Test func aListThatClaimsBillionsOfElementsIsRefusedAtOnce() {
        let bytes = AuditRecord.sample(subjects: [], digest: nil, details: [], requestID: nil).encoded()
        // subjects u32, digest 1, details u32, request 1
        let changed = bytes.dropLast(10) + [0xFF, 0xFF, 0xFF, 0xFF] + bytes.suffix(6)
        #expect(throws: AuditError.malformedEntry) { try AuditRecord(decoding: Array(changed)) }
    }

    @Test func textBeyondTheLimitIsRefused() throws {
        let longest = AuditRecord.sample(requestID: String(repeating: "x", count: 256)).encoded()
        _ = try AuditRecord(decoding: longest)
        let longer = [0, 0, 1, 1] + [UInt8](repeating: 0x78, count: 257)
        let changed = Array(longest.prefix(longest.count - 260)) + longer
        #expect(throws: AuditError.malformedEntry) { try AuditRecord(decoding: changed) }
    }

    @Test func anEntryOfALaterFormIsRefused() {
        #expect(throws: AuditError.malformedEntry) { try AuditRecord(decoding: [2] + Self.full.dropFirst()) }
    }
}
