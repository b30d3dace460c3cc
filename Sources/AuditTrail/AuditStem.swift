// SPDX-License-Identifier: Apache-2.0

internal import Sealing
package import VaultModel

/// What entries of one kind have in common, encoded once: who does what, with which outcome, to which things.
package struct AuditStem: Sendable {
    package let actor: AuditActor
    package let action: Action
    package let subjects: [AuditSubject]
    /// Everything between the time and the details.
    private let middle: [UInt8]

    package init(
        actor: AuditActor,
        action: Action,
        outcome: AuditOutcome = .allowed,
        subjects: [AuditSubject] = [],
        digest: [UInt8]? = nil
    ) {
        self.actor = actor
        self.action = action
        self.subjects = subjects
        var bytes = CanonicalBytes(reserving: 192)
        bytes.append(actor: actor, action, outcome, subjects, digest)
        middle = bytes.bytes
    }

    /// Begins an entry, which is encoded as ``AuditRecord/encoded()`` does for one that says the same.
    package func entry(at time: Timestamp) -> OpenEntry { OpenEntry(at: time, middle) }
}

/// An entry while its details are encoded; a copy goes on from where it was made.
package struct OpenEntry: Sendable {
    private var bytes: CanonicalBytes
    private let start: Int
    private var count: UInt32 = 0

    fileprivate init(at time: Timestamp, _ middle: [UInt8]) {
        bytes = CanonicalBytes(reserving: middle.count + 320)
        bytes.beginEntry(at: time)
        bytes.append(fixed: middle)
        start = bytes.bytes.count
        bytes.append(count)
    }

    /// Adds a detail: never a value, a mask or a token.
    package mutating func add(_ key: String, _ value: String) {
        count += 1
        bytes.append(text: key)
        bytes.append(text: value)
    }

    /// The whole entry.
    package consuming func end(_ requestID: String?) -> [UInt8] {
        bytes.replace(count, at: start)
        bytes.endEntry(requestID)
        return bytes.bytes
    }
}
