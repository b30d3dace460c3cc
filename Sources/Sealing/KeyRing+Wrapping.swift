// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import VaultModel

// The stored form, drawn in `docs/formats/key-ring.md`:
//
//     format 1 ‖ suite 1 ‖ master key id 8 ‖ nonce 12 ‖ ciphertext ‖ tag 16
//
// The plaintext is the count of epochs u32, then for each: number u32 ‖ state 1 ‖ key 32.
extension KeyRing {
    private static let version: [UInt8] = [1, 1]
    private static let idRange = 2..<10
    private static let nonceRange = 10..<22
    private static let epochBytes = 4 + 1 + KeyDerivation.keyBytes
    private static let overhead = 22 + AuthenticatedCipher.tagBytes

    /// Says which master key opens a wrapped ring; nil when the bytes are no wrapped ring.
    ///
    /// Not authenticated: for messages, and for choosing a key.
    package static func masterKeyID(ofWrapped wrapped: [UInt8]) -> MasterKeyID? {
        guard wrapped.count >= overhead, wrapped.starts(with: version) else { return nil }
        return MasterKeyID(bytes: Array(wrapped[idRange]))
    }

    /// Opens a stored ring.
    ///
    /// Throws ``SealingError/wrongMasterKey(expected:given:)`` when it names another key, and
    /// ``SealingError/keyRingDamaged`` when it names this one and does not open.
    package convenience init(unwrapping wrapped: [UInt8], under master: MasterKey) throws(SealingError) {
        guard let expected = Self.masterKeyID(ofWrapped: wrapped) else { throw .keyRingDamaged }
        guard expected == master.id else { throw .wrongMasterKey(expected: expected, given: master.id) }
        let keys: [EpochKeys]?
        do {
            keys = try AuthenticatedCipher.open(
                wrapped[Self.nonceRange.upperBound...],
                under: master.wrappingKey,
                nonce: wrapped[Self.nonceRange],
                authenticating: Self.associatedData(wrapped[..<Self.idRange.upperBound])
            ) { plaintext throws(SealingError) in
                Self.keys(in: plaintext)
            }
        } catch {
            throw .keyRingDamaged
        }
        guard let keys else { throw .keyRingDamaged }
        try self.init(keys)
    }

    /// The form to store: the ring sealed under `master`, different each time.
    package func wrapped(under master: MasterKey) -> [UInt8] {
        let header = Self.version + master.id.bytes
        let nonce = Random.bytes(AuthenticatedCipher.nonceBytes)
        do {
            let sealed = try plaintext.withBytes { plaintext throws(SealingError) in
                try AuthenticatedCipher.seal(
                    plaintext,
                    under: master.wrappingKey,
                    nonce: nonce,
                    authenticating: Self.associatedData(header[...])
                )
            }
            return header + nonce + sealed
        } catch {
            // The only failure is a message of more than 64 GiB.
            preconditionFailure("a key ring is shorter than the cipher's limit")
        }
    }

    private var plaintext: SecretBytes {
        SecretBytes(count: 4 + allKeys.count * Self.epochBytes) { buffer in
            buffer.storeBytes(of: UInt32(allKeys.count).bigEndian, as: UInt32.self)
            for (index, keys) in allKeys.enumerated() {
                let offset = 4 + index * Self.epochBytes
                buffer.storeBytes(of: keys.number.bigEndian, toByteOffset: offset, as: UInt32.self)
                buffer[offset + 4] = keys.state.rawValue
                keys.key.withUnsafeBytes {
                    UnsafeMutableRawBufferPointer(rebasing: buffer[(offset + 5)...]).copyMemory(from: $0)
                }
            }
        }
    }

    private static func keys(in plaintext: UnsafeRawBufferPointer) -> [EpochKeys]? {
        var reader = CanonicalReader(plaintext)
        guard let count: UInt32 = reader.integer(), reader.remaining == Int(count) * epochBytes else { return nil }
        var keys: [EpochKeys] = []
        for _ in 0..<count {
            guard let number: UInt32 = reader.integer(), let code: UInt8 = reader.integer(),
                let state = EpochState(rawValue: code), let key = reader.fixed(KeyDerivation.keyBytes)
            else { return nil }
            keys.append(EpochKeys(number, state: state, key: SymmetricKey(data: key)))
        }
        return keys
    }

    private static func associatedData(_ header: ArraySlice<UInt8>) -> [UInt8] {
        var associated = CanonicalBytes(reserving: 32)
        associated.append(prefixed: "key-ring/v1")
        associated.append(fixed: Array(header))
        return associated.bytes
    }
}
