// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What happened: who did or tried what, when, to which things.
///
/// ``encoded()`` gives the bytes that are chained and stored; everything else, JSON included, is a view of them.
package struct AuditRecord: Hashable, Sendable {
    /// Texts are cut to this length when they are encoded, between two characters.
    package static let maximumTextBytes = 256

    package let at: Timestamp
    package let actor: AuditActor
    package let action: Action
    package let outcome: AuditOutcome
    package let subjects: [AuditSubject]
    /// The SHA-256 of the sealed record or the receipt that this is about.
    package let digest: [UInt8]?
    package let details: [AuditDetail]
    package let requestID: String?

    package init(
        at: Timestamp,
        actor: AuditActor,
        action: Action,
        outcome: AuditOutcome,
        subjects: [AuditSubject] = [],
        digest: [UInt8]? = nil,
        details: [AuditDetail] = [],
        requestID: String? = nil
    ) {
        self.at = at
        self.actor = actor
        self.action = action
        self.outcome = outcome
        self.subjects = subjects
        self.digest = digest
        self.details = details
        self.requestID = requestID
    }
}
