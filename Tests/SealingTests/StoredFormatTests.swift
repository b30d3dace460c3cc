// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing
internal import VaultModel

/// What was once stored must open in every later version; the file is never generated anew.
struct StoredFormatTests {
    struct Stored: Decodable, Sendable {
        let masterKey: String
        let masterKeyID: String
        let keyRing: HexadecimalBytes
        let workspace: String
        let user: String
        let entry: String
        let salt: HexadecimalBytes
        let value: HexadecimalBytes
        let mask: String
        let records: [Record]
        let tokens: [Token]
    }

    struct Record: Decodable, Sendable, CustomTestStringConvertible {
        let epoch: UInt32
        let version: Int64
        let opens: String
        let record: HexadecimalBytes
        let ownerRowCode: HexadecimalBytes
        let systemRowCode: HexadecimalBytes
        let reply: HexadecimalBytes
        let fingerprint: HexadecimalBytes
        let chainCode: HexadecimalBytes
        let headCode: HexadecimalBytes

        var testDescription: String { "epoch \(epoch), \(opens)" }
    }

    struct Token: Decodable, Sendable, CustomTestStringConvertible {
        let kind: String
        let text: String
        let digest: HexadecimalBytes
        let hint: String

        var testDescription: String { kind }
    }

    static var stored: Stored { get throws { try Vectors.load("formats") } }
    static var live: [Record] { get throws { try stored.records.filter { $0.opens != "retired" } } }
    static var retired: [Record] { get throws { try stored.records.filter { $0.opens == "retired" } } }

    let stored: Stored
    let ring: KeyRing
    let workspace: WorkspaceID
    let scope: OwnerScope

    init() throws {
        stored = try Self.stored
        let master = try MasterKey(fileContents: SecretBytes(stored.masterKey))
        ring = try KeyRing(unwrapping: stored.keyRing.bytes, under: master)
        workspace = try #require(WorkspaceID(stored.workspace))
        scope = OwnerScope(
            workspace: workspace,
            user: try #require(UserID(stored.user)),
            salt: stored.salt.bytes
        )
    }

    var row: RowContent {
        RowContent("attachments").adding("text").adding(Int64(-7)).adding([UInt8]([0, 255]))
            .adding(optional: String?.none)
    }

    func context(_ record: Record) throws -> RecordContext {
        RecordContext(
            scope: scope,
            entry: try #require(EntryID(stored.entry)),
            version: record.version,
            kind: .secret
        )
    }

    @Test func theMasterKeyHasTheIDThatItAlwaysHad() throws {
        #expect(try MasterKey(fileContents: SecretBytes(stored.masterKey)).id.text == stored.masterKeyID)
    }

    @Test func theKeyRingHasTheEpochsThatItWasStoredWith() {
        #expect(ring.activeEpoch == 3)
        #expect(ring.epochs.map(\.number) == [1, 2, 3])
        #expect(ring.epochs.map(\.state) == [.retired, .readable, .active])
    }

    @Test(arguments: try live)
    func aStoredRecordOpensToItsValueAndMask(record: Record) throws {
        #expect(SealedRecord(bytes: record.record.bytes).epoch == record.epoch)
        let opened = try ring.open(record.record.bytes, as: context(record))
        #expect(opened.mask.text == stored.mask)
        #expect(opened.takeValue().exposed() == stored.value.bytes)
    }

    @Test(arguments: try live)
    func storedRowCodesVerify(record: Record) throws {
        try ring.verify(record.ownerRowCode.bytes, of: row, scope: .owner(scope))
        try ring.verify(record.systemRowCode.bytes, of: row, scope: .system)
    }

    @Test(arguments: try live)
    func aStoredReplyOpens(record: Record) throws {
        let reply = try ring.openReply(record.reply.bytes, workspace: workspace, label: "user:1/key")
        #expect(reply == Array(#"{"id":1}"#.utf8))
    }

    @Test(arguments: try live)
    func aStoredFingerprintIsRecognized(record: Record) {
        let request = Array("POST /x".utf8)
        #expect(ring.isFingerprint(record.fingerprint.bytes, of: request, workspace: workspace))
    }

    @Test(arguments: try stored.records)
    func auditCodesAreTheSameInEveryEpoch(record: Record) throws {
        let code = [UInt8](repeating: 9, count: 32)
        let chainCode = try ring.chainCode(
            chain: "chain",
            sequence: 2,
            previous: code,
            entry: [1, 2, 3],
            epoch: record.epoch
        )
        #expect(chainCode == record.chainCode.bytes)
        let headCode = try ring.headCode(chain: "chain", sequence: 2, code: code, epoch: record.epoch)
        #expect(headCode == record.headCode.bytes)
    }

    @Test(arguments: try retired)
    func nothingElseOfARetiredEpochIsAccepted(record: Record) throws {
        let refusal = SealingError.unknownEpoch(record.epoch)
        let context = try context(record)
        #expect(throws: refusal) { try ring.exposed(record.record.bytes, as: context) }
        #expect(throws: refusal) { try ring.verify(record.ownerRowCode.bytes, of: row, scope: .owner(scope)) }
        #expect(throws: refusal) { try ring.verify(record.systemRowCode.bytes, of: row, scope: .system) }
        #expect(throws: refusal) {
            try ring.openReply(record.reply.bytes, workspace: workspace, label: "user:1/key")
        }
    }

    @Test(arguments: try retired)
    func aRequestOfARetiredEpochIsStillKnown(record: Record) {
        let request = Array("POST /x".utf8)
        #expect(ring.isFingerprint(record.fingerprint.bytes, of: request, workspace: workspace))
    }

    @Test(arguments: try stored.tokens)
    func aTokenThatWasGivenOutParsesToItsDigest(token: Token) throws {
        let parsed = try BearerToken(parsing: token.text.utf8)
        #expect(parsed.kind.rawValue == token.kind)
        #expect(parsed.digest == token.digest.bytes)
        #expect(parsed.hint == token.hint)
    }
}
