// SPDX-License-Identifier: Apache-2.0

internal import CryptoExtras
internal import Foundation
package import VaultModel

/// What a guess at a password costs: scrypt (RFC 7914) with N = 2^`logN`, r = 8, p = 1, which takes 2^`logN` KiB.
package struct PasswordCost: Hashable, Sendable {
    package let logN: UInt8

    /// 128 MiB, which OWASP's cheat sheet for password storage asks for.
    package static let standard = PasswordCost(logN: 17)

    package init(logN: UInt8) {
        self.logN = logN
    }
}

/// What is stored in place of a password: format 1 ‖ log2 N ‖ r ‖ p ‖ salt 16 ‖ hash 32, 52 bytes.
///
/// The parameters stand in it, so that they can grow: who logs in gets a new one.
package struct PasswordHash: Hashable, Sendable {
    private static let saltBytes = 16
    private static let hashBytes = 32
    private static let blockSize = 8
    private static let parallelism = 1

    package let bytes: [UInt8]

    /// Reads a stored one; nil for anything else, and for parameters that this program would never write.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 4 + Self.saltBytes + Self.hashBytes, bytes[0] == 1, (1...24).contains(bytes[1]),
            bytes[2] == UInt8(Self.blockSize), bytes[3] == UInt8(Self.parallelism)
        else { return nil }
        self.bytes = bytes
    }

    private init(cost: PasswordCost, salt: [UInt8], hash: [UInt8]) {
        bytes = [1, cost.logN, UInt8(Self.blockSize), UInt8(Self.parallelism)] + salt + hash
    }

    package var cost: PasswordCost { PasswordCost(logN: bytes[1]) }

    /// Hashes a password under a new salt.
    ///
    /// Blocks for as long as the cost says, so it is called on a thread that may.
    package static func make(of password: borrowing SecretBytes, cost: PasswordCost) throws(SealingError)
        -> PasswordHash
    {
        let salt = Random.bytes(saltBytes)
        return PasswordHash(cost: cost, salt: salt, hash: try derive(password, salt: salt, cost: cost))
    }

    /// A hash that no password has: looking at it takes as long as at a real one.
    package static func ofNobody(cost: PasswordCost) -> PasswordHash {
        PasswordHash(cost: cost, salt: Random.bytes(saltBytes), hash: Random.bytes(hashBytes))
    }

    /// Whether `password` is the one; blocks as ``make(of:cost:)`` does.
    package func matches(_ password: borrowing SecretBytes) throws(SealingError) -> Bool {
        let salt = Array(bytes[4..<(4 + Self.saltBytes)])
        return constantTimeEqual(
            try Self.derive(password, salt: salt, cost: cost),
            Array(bytes[(4 + Self.saltBytes)...])
        )
    }

    private static func derive(
        _ password: borrowing SecretBytes,
        salt: [UInt8],
        cost: PasswordCost
    ) throws(SealingError) -> [UInt8] {
        let key = password.withBytes { password in
            try? KDF.Scrypt.deriveKey(
                from: password,
                salt: salt,
                outputByteCount: hashBytes,
                rounds: 1 << Int(cost.logN),
                blockSize: blockSize,
                parallelism: parallelism
            )
        }
        // The library fails when the memory cannot be had.
        guard let key else { throw .passwordWorkFailed }
        return key.withUnsafeBytes { Array($0) }
    }
}
