// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// One entry of the audit trail, as a view of the bytes that are chained.
package struct AuditEntryBody: Codable, Equatable, Sendable {
    package var sequence: Int64
    package var at: Timestamp
    /// Who: `operator:0`, `api_key:…`, `agent:…` or `server`.
    package var actor: String
    package var action: String
    package var allowed: Bool
    /// Why it was refused.
    package var reason: String?
    package var subjects: [AuditSubjectBody]
    package var details: [String: String]
    package var requestId: String?
    /// The chain value, in hexadecimal.
    package var code: String

    package init(
        sequence: Int64,
        at: Timestamp,
        actor: String,
        action: String,
        allowed: Bool,
        reason: String?,
        subjects: [AuditSubjectBody],
        details: [String: String],
        requestId: String?,
        code: String
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.action = action
        self.allowed = allowed
        self.reason = reason
        self.subjects = subjects
        self.details = details
        self.requestId = requestId
        self.code = code
    }
}

/// Something that an act concerned.
package struct AuditSubjectBody: Codable, Equatable, Sendable {
    package var kind: String
    package var id: String
    package var name: String?
    package var version: Int64?

    package init(kind: String, id: String, name: String?, version: Int64?) {
        self.kind = kind
        self.id = id
        self.name = name
        self.version = version
    }
}

/// One page of the audit trail, newest first.
package struct AuditPage: Codable, Equatable, Sendable {
    package var entries: [AuditEntryBody]
    package var nextCursor: String?

    package init(entries: [AuditEntryBody], nextCursor: String?) {
        self.entries = entries
        self.nextCursor = nextCursor
    }
}

/// The result of checking a workspace's whole chain.
package struct AuditVerificationBody: Codable, Equatable, Sendable {
    package var intact: Bool
    package var entries: Int64
    /// What was found, when it is not intact.
    package var problem: String?
    /// The chain value of the last entry, in hexadecimal.
    package var head: String?

    package init(intact: Bool, entries: Int64, problem: String?, head: String?) {
        self.intact = intact
        self.entries = entries
        self.problem = problem
        self.head = head
    }
}
