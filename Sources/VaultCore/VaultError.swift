// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import Storage
package import VaultModel

/// Why the vault refused or failed.
///
/// No case can carry a value or a token, so any of them may be logged.
package enum VaultError: Error, Equatable {
    case denied(Action)
    case notFound(VaultSubject)
    /// Every rule that the request would break; never empty.
    case conflicts([ConflictBody])
    case stillAttached(entry: String, agents: [NamedBody])
    case kindIsFinal(name: String)
    /// A start would deliver these, and their time is over; never empty.
    case expired(entries: [String])
    /// The time of a credential is over.
    case credentialExpired(String)
    case versionMismatch(current: Int64)
    /// `reason` is a fixed text.
    case invalidName(field: String, reason: String)
    case invalidValue(field: String, reason: String)
    case invalidField(String, reason: String)
    case keyMismatch(KeyMismatch)
    case invalidCursor
    case invalidFile([FindingBody], unlisted: Int)
    /// In bytes.
    case fileTooLarge(limit: Int)
    case importConflict([ConflictBody])
    case planChanged
    case limitReached(String)
    /// The plan of the workspace allows no more of what would be made.
    case planLimit(String)
    /// The plan allows so many requests a month; seconds until the next month.
    case quotaReached(most: Int, retryAfter: Int64)
    case token(TokenProblem)
    /// The workspace has no credential of the provider that a token is for.
    case noCredential(ProviderID)
    /// A start would get a token for the proxy, and nobody said where its process reaches the proxy.
    case noProxyAddress(credential: String)
    case idempotencyKeyReused
    /// A stored row is damaged or was changed behind the vault's back; names the entry where it is one.
    case integrity(entry: String?)
    case keys(KeysProblem)
    /// A newer start took the instance's place.
    case instanceEnded
    /// So many processes wait for changes that no other one can.
    case tooManyWaits
    /// The one who waited is gone, or the server stops.
    case waitEnded
    /// Address and password do not belong together; the same whether the address has an account or not.
    case loginFailed
    /// The key is for other networks than the one that the request comes from.
    case addressNotAllowed
    /// Too early, or too much at once; seconds until it makes sense to try again.
    case rateLimited(retryAfter: Int64)
    /// The token is unknown, was used, renewed or cancelled, has expired, or who invited may no longer do so.
    case invitationNotValid
    case alreadyInvited(email: String)
    case alreadyMember(email: String)
    /// A workspace always has an owner.
    case lastOwner
    /// A personal workspace is shared with nobody and stays as long as its person.
    case personalWorkspace
    case auditUnavailable
    case storage(StorageProblem)
}

/// What was not found.
package enum VaultSubject: String, Equatable, Sendable {
    case entry, credential, provider, agent, attachment, apiKey = "api key", workspace, member, invitation, user,
        receipt,
        container
}

/// Why a token opens nothing.
package enum TokenProblem: Equatable, Sendable {
    case missing
    /// None was sent, and the process is in no container that an engine vouches for.
    case notVouchedFor
    /// Never valid here, or of another kind.
    case unknown
    /// Replaced by a newer one, which was used or whose grace ended.
    case rotated
    /// Ended by hand, expired, or its agent is gone.
    case revoked
}

/// Why a step of a rotation of keys cannot be taken now.
package enum KeysProblem: Equatable, Sendable {
    /// A rotation of the epoch or of a user is not finished.
    case rotationUnderWay
    /// Two master keys open the vault, and one of them has to be given up first.
    case twoMasterKeys
    /// The master key opens the vault already.
    case sameMasterKey
    /// Only one master key opens the vault, or none of that id does.
    case nothingToDrop
    /// The server does not hold the key that would be left.
    case keyNotHeld(String)
    /// The key file of the server holds another key than the one that would be left.
    case keyFileHolds(String?, needed: String)
    /// What was stored did not read back as it was written; nothing was changed.
    case notReadBack
    /// A backup is being made.
    case backupUnderWay
    /// The machine's operator cannot be shredded.
    case isOperator
    /// The user's keys were destroyed.
    case isShredded
}

/// What keeps the store from answering, as far as a caller can act on it.
package enum StorageProblem: Equatable, Sendable {
    case busy, full, readOnly, unavailable
}

extension VaultError {
    /// A failure of the store, as far as a caller can act on it.
    init(_ failure: StorageFailure) {
        switch failure {
        case .busy: self = .storage(.busy)
        case .full: self = .storage(.full)
        case .readOnly: self = .storage(.readOnly)
        case .corrupt: self = .integrity(entry: nil)
        // The vault checks what may collide before it writes; what still collides was decided by another node.
        case .constraint: self = .storage(.busy)
        case .unavailable, .locked, .newerSchema, .unsafeSetting: self = .storage(.unavailable)
        }
    }
}
