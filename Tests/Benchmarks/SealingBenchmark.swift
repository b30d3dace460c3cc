// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import Sealing
internal import VaultModel

/// What one act of sealing costs, beside the bare primitives that it cannot do without.
struct SealingBenchmark {
    private static let valueBytes = 256
    private static let batches = 200
    private static let batch = 50

    private struct Failure: Error {}

    func run(_ report: inout Report) throws {
        let ring = KeyRing.generate()
        let time = Timestamp(milliseconds: 1_800_000_000_000)
        let scope = OwnerScope(
            workspace: WorkspaceID(at: time),
            user: UserID(at: time),
            salt: OwnerScope.makeSalt()
        )
        let context = RecordContext(scope: scope, entry: EntryID(at: time), version: 1, kind: .secret)
        let value = SecretBytes(copying: Payload.text(bytes: Self.valueBytes).utf8)
        let record = try ring.seal(value, as: context).bytes
        let attachment = { (index: Int64) in
            RowContent("attachments").adding("0190a5d2-7c1e-7b3a-9f00-5b1d2c3e4f50")
                .adding("0190a5d2-7c1e-7b3a-9f00-5b1d2c3e4f51").adding("environment").adding(index)
                .adding(optional: Int64?.none)
        }
        let code = ring.rowCode(for: attachment(7), scope: .owner(scope))
        let token = BearerToken.mint(.gateway).withText { Array($0) }
        let primitives = try Primitives(valueBytes: Self.valueBytes)

        let floorOfSeal = try measure { try primitives.deriveAndSeal() }
        let floorOfOpen = try measure { try primitives.deriveAndOpen() }
        let floorOfCode = measure { primitives.authenticate() }
        let seal = try measure { _ = try ring.seal(value, as: context) }
        let open = try measure { _ = try ring.open(record, as: context) }
        let verify = try measure { try ring.verify(code, of: attachment(7), scope: .owner(scope)) }
        let parse = try measure { _ = try BearerToken(parsing: token) }
        let derive = measure { primitives.derive() }
        let owner = try measure {
            // A salt that is new has no derived keys yet.
            let other = OwnerScope(workspace: scope.workspace, user: scope.user, salt: OwnerScope.makeSalt())
            try _ = ring.seal(value, as: RecordContext(scope: other, entry: context.entry, version: 1, kind: .secret))
        }

        report.begin(
            "Sealing, values of \(Self.valueBytes) bytes",
            "\(Self.batches) batches of \(Self.batch); the ratio is to the bare primitives in the same run"
        )
        report.table(
            ["", "median", "p90", "primitives", "ratio"],
            [
                row("seal", seal, floorOfSeal),
                row("open", open, floorOfOpen),
                row("seal, first record of an owner", owner, nil),
                row("row code, build the row and verify", verify, floorOfCode),
                row("token, parse and hash", parse, nil),
                row("HKDF-SHA256, expand 64 bytes", derive, nil),
            ]
        )
    }

    private func row(_ name: String, _ measured: Samples, _ floor: Samples?) -> [String] {
        [
            name, measured.median.microseconds, measured.percentile(90).microseconds,
            floor.map(\.median.microseconds) ?? "", floor.map { (measured.median / $0.median).times } ?? "",
        ]
    }

    /// Seconds of one `act`, a sample for each batch.
    private func measure<E: Error>(_ act: () throws(E) -> Void) throws(E) -> Samples {
        for _ in 0..<Self.batch { try act() }
        var seconds: [Double] = []
        for _ in 0..<Self.batches {
            let start = Machine.now
            for _ in 0..<Self.batch { try act() }
            seconds.append((Machine.now - start) / Double(Self.batch))
        }
        return Samples(seconds)
    }
}

/// The cryptography of one record and nothing around it: no canonical bytes, no mask, no checks.
private struct Primitives {
    private let ownerKey = SymmetricKey(size: .bits256)
    private let random = (0..<32).map { _ in UInt8.random(in: 0...255) }
    private let context = [UInt8](repeating: 7, count: 160)
    private let value: [UInt8]
    private let sealed: AES.GCM.SealedBox

    init(valueBytes: Int) throws {
        value = [UInt8](repeating: 0x61, count: valueBytes)
        let key = Self.expand(ownerKey, random)
        sealed = try AES.GCM.seal(value, using: key, authenticating: context)
    }

    func derive() { _ = Self.expand(ownerKey, random) }

    func deriveAndSeal() throws {
        _ = try AES.GCM.seal(value, using: Self.expand(ownerKey, random), authenticating: context)
    }

    func deriveAndOpen() throws {
        _ = try AES.GCM.open(sealed, using: Self.expand(ownerKey, random), authenticating: context)
    }

    func authenticate() { _ = HMAC<SHA256>.authenticationCode(for: context, using: ownerKey) }

    /// 64 bytes, as a record's key and its commitment take; the first half is the key.
    private static func expand(_ key: SymmetricKey, _ random: [UInt8]) -> SymmetricKey {
        let both = HKDF<SHA256>.expand(pseudoRandomKey: key, info: random, outputByteCount: 64)
        return both.withUnsafeBytes { SymmetricKey(data: $0.prefix(32)) }
    }
}
