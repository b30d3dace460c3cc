// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import VaultModel

extension Timestamp {
    static let testTime = Timestamp(milliseconds: 1_790_000_000_000)
}

extension OwnerScope {
    static func random() -> OwnerScope {
        OwnerScope(workspace: WorkspaceID(at: .testTime), user: UserID(at: .testTime), salt: makeSalt())
    }
}

extension RecordContext {
    static func random(scope: OwnerScope = .random()) -> RecordContext {
        RecordContext(scope: scope, entry: EntryID(at: .testTime), version: 1, kind: .secret)
    }
}

extension SecretBytes {
    init(_ text: String) {
        self.init(copying: Array(text.utf8))
    }

    /// The plaintext, out of its protection.
    borrowing func exposed() -> [UInt8] {
        withBytes { [UInt8]($0) }
    }
}

extension [UInt8] {
    func flippingBit(_ bit: Int) -> [UInt8] {
        var bytes = self
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return bytes
    }
}

extension KeyRing {
    /// Opens a record and returns its plaintext, out of its protection.
    func exposed(_ record: [UInt8], as context: RecordContext) throws -> [UInt8] {
        try open(record, as: context).takeValue().exposed()
    }
}
