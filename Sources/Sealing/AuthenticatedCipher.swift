// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Crypto

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// AES-256-GCM (SP 800-38D) with nonces of 12 bytes and tags of 16.
enum AuthenticatedCipher {
    static let nonceBytes = 12
    static let tagBytes = 16

    /// Encrypts `plaintext` and returns the ciphertext with the tag behind it.
    static func seal(
        _ plaintext: UnsafeRawBufferPointer,
        under key: SymmetricKey,
        nonce: [UInt8],
        authenticating associated: [UInt8]
    ) throws(SealingError) -> [UInt8] {
        do {
            let box = try AES.GCM.seal(
                plaintext,
                using: key,
                nonce: AES.GCM.Nonce(data: nonce),
                authenticating: associated
            )
            return [UInt8](box.ciphertext) + box.tag
        } catch {
            // The nonce and the key have their sizes; a message beyond the cipher's limit is all that is left.
            throw .valueTooLong
        }
    }

    /// Decrypts and lends the plaintext for the length of `body`; it is wiped before this returns.
    ///
    /// Throws ``SealingError/damagedRecord`` when the tag is not right; `body` is not called then.
    static func open<R: ~Copyable>(
        _ ciphertextAndTag: ArraySlice<UInt8>,
        under key: SymmetricKey,
        nonce: ArraySlice<UInt8>,
        authenticating associated: [UInt8],
        _ body: (UnsafeRawBufferPointer) throws(SealingError) -> R
    ) throws(SealingError) -> R {
        var plaintext: Data
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: nonce),
                ciphertext: ciphertextAndTag.dropLast(tagBytes),
                tag: ciphertextAndTag.suffix(tagBytes)
            )
            plaintext = try AES.GCM.open(box, using: key, authenticating: associated)
        } catch {
            throw .damagedRecord
        }
        defer {
            // `Data` is not wiped when it is freed. It is held here only, so that this writes to it and not to a copy.
            plaintext.withUnsafeMutableBytes { if let base = $0.baseAddress { ckernel_zero(base, $0.count) } }
        }
        return try plaintext.withBytes(body)
    }
}

extension Data {
    /// As `withUnsafeBytes`, for closures that throw one type or return what cannot be copied.
    fileprivate func withBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try span.withUnsafeBytes(body)
    }
}
