// SPDX-License-Identifier: Apache-2.0

internal import Crypto

/// The bytes of a sealed record.
///
///     format 1 ‖ suite 1 ‖ epoch u32 ‖ r 32 ‖ nonce 12 ‖ C 32 ‖ ciphertext ‖ tag 16
///
/// Each record has keys of its own: K ‖ C = HKDF-Expand(sealing key, `rec/v1` ‖ r, 64). K encrypts. C commits to the
/// sealing key, which AES-GCM alone does not: without it, one record could be made to open under two keys.
struct RecordLayout {
    static let overhead = headerBytes + AuthenticatedCipher.tagBytes

    private static let version: [UInt8] = [1, 1]
    private static let randomRange = 6..<38
    private static let nonceRange = 38..<50
    private static let commitmentRange = 50..<82
    private static let headerBytes = commitmentRange.upperBound

    let epoch: UInt32
    private let bytes: [UInt8]

    /// Accepts bytes that have the length and the version of a record.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= Self.overhead, bytes.starts(with: Self.version) else { return nil }
        self.bytes = bytes
        epoch = bytes[2..<6].reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Seals `plaintext`; the record opens with the same key and the same binding only.
    static func seal(
        _ plaintext: UnsafeRawBufferPointer,
        under sealingKey: KeyedHash,
        epoch: UInt32,
        boundTo binding: CanonicalBytes
    ) throws(SealingError) -> [UInt8] {
        let random = Random.bytes(randomRange.count + nonceRange.count)
        let keys = recordKeys(from: sealingKey, random: random[..<randomRange.count])
        let nonce = Array(random[randomRange.count...])
        var record = CanonicalBytes(reserving: overhead + plaintext.count)
        record.append(fixed: version)
        record.append(epoch)
        record.append(fixed: random)
        keys.commitment.withUnsafeBytes { record.append(fixed: $0) }
        let sealed = try AuthenticatedCipher.seal(
            plaintext,
            under: keys.encryption,
            nonce: nonce,
            authenticating: record.bytes + binding.bytes
        )
        record.append(fixed: sealed)
        return record.bytes
    }

    /// Whether the record commits to `sealingKey`.
    func isSealed(under sealingKey: KeyedHash) -> Bool {
        Self.recordKeys(from: sealingKey, random: bytes[Self.randomRange]).commitment
            == SymmetricKey(data: bytes[Self.commitmentRange])
    }

    /// Opens the record and lends its plaintext for the length of `body`.
    func open<R: ~Copyable>(
        under sealingKey: KeyedHash,
        boundTo binding: CanonicalBytes,
        _ body: (UnsafeRawBufferPointer) throws(SealingError) -> R
    ) throws(SealingError) -> R {
        let keys = Self.recordKeys(from: sealingKey, random: bytes[Self.randomRange])
        // `==` of keys takes the same time wherever they differ.
        guard keys.commitment == SymmetricKey(data: bytes[Self.commitmentRange]) else { throw .wrongKey }
        return try AuthenticatedCipher.open(
            bytes[Self.headerBytes...],
            under: keys.encryption,
            nonce: bytes[Self.nonceRange],
            authenticating: bytes[..<Self.headerBytes] + binding.bytes,
            body
        )
    }

    private static func recordKeys(
        from sealingKey: KeyedHash,
        random: ArraySlice<UInt8>
    ) -> (encryption: SymmetricKey, commitment: SymmetricKey) {
        let both = KeyDerivation.expand(sealingKey, info: Array("rec/v1".utf8) + random, bytes: 64)
        return both.withUnsafeBytes { both in
            (
                SymmetricKey(data: UnsafeRawBufferPointer(rebasing: both[..<32])),
                SymmetricKey(data: UnsafeRawBufferPointer(rebasing: both[32...]))
            )
        }
    }
}
