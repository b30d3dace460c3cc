// SPDX-License-Identifier: Apache-2.0

internal import Crypto

// Ed25519 (RFC 8032) over audit checkpoints: whoever has the public key can check one, without any key of the vault.

extension KeyRing {
    package static let signatureBytes = 64

    /// Signs `content` with the active epoch's checkpoint key; the number of that epoch is part of what callers sign.
    package func checkpointSignature(of content: [UInt8]) throws(SealingError) -> [UInt8] {
        do {
            return Array(try active.checkpointKey().signature(for: content))
        } catch {
            throw .unknownEpoch(active.number)
        }
    }

    /// The public half of an epoch's checkpoint key, 32 bytes; a retired epoch has one as well.
    package func checkpointPublicKey(epoch: UInt32) throws(SealingError) -> [UInt8] {
        guard let keys = allKeys.first(where: { $0.number == epoch }) else { throw .unknownEpoch(epoch) }
        do {
            return Array(try keys.checkpointKey().publicKey.rawRepresentation)
        } catch {
            throw .unknownEpoch(epoch)
        }
    }
}

/// Whether `signature` is the one of `content` by the holder of `publicKey`; false for anything malformed.
package func isCheckpointSignature(_ signature: [UInt8], of content: [UInt8], by publicKey: [UInt8]) -> Bool {
    guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: publicKey) else { return false }
    return key.isValidSignature(signature, for: content)
}

extension EpochKeys {
    /// Derived for each use: a checkpoint is made at most every few seconds.
    fileprivate func checkpointKey() throws -> Curve25519.Signing.PrivateKey {
        try KeyDerivation.key(from: key, purpose: "checkpoint/v1").withUnsafeBytes {
            try Curve25519.Signing.PrivateKey(rawRepresentation: $0)
        }
    }
}
