// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Why something was not sealed, opened or vouched for.
///
/// No case carries any part of a key, a value or a token. Outside the vault all of them are one answer; inside they are
/// told apart because they call for different acts: another key, another row, a backup.
package enum SealingError: Error, Equatable, Sendable {
    /// The key ring was wrapped under another master key.
    case wrongMasterKey(expected: MasterKeyID, given: MasterKeyID)
    /// The key ring names the given master key and still does not open.
    case keyRingDamaged
    /// The master key's file is none of the accepted forms.
    case malformedMasterKey(MasterKeyFlaw)
    /// The salt of an owner does not have 32 bytes; it may have been destroyed on purpose.
    case malformedSalt
    /// The bytes are not a record of a known format.
    case malformedRecord
    /// The key ring has no such epoch, or the epoch is retired.
    case unknownEpoch(UInt32)
    /// The record was sealed under other keys: another owner, another epoch key, or a damaged commitment.
    case wrongKey
    /// The keys are right, and the content or what it is bound to was changed.
    case damagedRecord
    /// The row is not the one that its code was made for.
    case rowCodeMismatch
    /// A value of more than ``KeyRing/maximumValueBytes``.
    case valueTooLong
    /// The text is not a token; found without looking into any store.
    case malformedToken(TokenFlaw)
    /// A password cannot be hashed now: there is no memory for it.
    case passwordWorkFailed
}

/// What is wrong with the file of a master key, in counts only.
package enum MasterKeyFlaw: Equatable, Sendable {
    /// Fewer bytes than the form that the contents come nearest to.
    case tooShort(bytes: Int, expected: Int)
    /// More bytes than the form that the contents come nearest to.
    case tooLong(bytes: Int, expected: Int)
    /// Neither 64 hexadecimal digits, nor 44 characters of base64, nor 32 bytes.
    case notAKey(bytes: Int)
}
