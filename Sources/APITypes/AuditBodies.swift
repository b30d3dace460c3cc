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

/// The result of checking a whole chain.
package struct AuditVerificationBody: Codable, Equatable, Sendable {
    package var intact: Bool
    /// How many entries were checked.
    package var entries: Int64
    /// How many entries retention has removed, whose record was checked instead.
    package var removed: Int64 = 0
    /// How many stored checkpoints agree with the chain.
    package var checkpoints: Int64 = 0
    /// How many of the checkpoints that were sent agree with the chain.
    package var anchors: Int64 = 0
    /// How many of them could not be compared, since retention has removed the entries before and after.
    package var anchorsOfRemovedEntries: Int64 = 0
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

/// The body of `POST /audit/verify`.
package struct VerifyAuditBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case anchors }

    /// Checkpoints that were kept outside of the database.
    package var anchors: [String]?

    package init(anchors: [String]? = nil) {
        self.anchors = anchors
    }
}

/// A signed statement of where a chain was.
package struct AuditCheckpointBody: Codable, Equatable, Sendable {
    package var chain: String
    package var sequence: Int64
    package var at: Timestamp
    package var epoch: UInt32
    /// The Ed25519 key that checks it, in hexadecimal.
    package var publicKey: String
    /// The whole of it, for a log or a file: `atc1.…`.
    package var text: String

    package init(
        chain: String,
        sequence: Int64,
        at: Timestamp,
        epoch: UInt32,
        publicKey: String,
        text: String
    ) {
        self.chain = chain
        self.sequence = sequence
        self.at = at
        self.epoch = epoch
        self.publicKey = publicKey
        self.text = text
    }
}

/// One page of a chain's checkpoints, newest first.
package struct AuditCheckpointPage: Codable, Equatable, Sendable {
    package var checkpoints: [AuditCheckpointBody]
    package var nextCursor: String?

    package init(checkpoints: [AuditCheckpointBody], nextCursor: String?) {
        self.checkpoints = checkpoints
        self.nextCursor = nextCursor
    }
}

/// One line of an export.
///
/// `start` comes first where retention has removed entries, `end` comes last: a file without it was cut off.
package struct AuditExportLine: Codable, Equatable, Sendable {
    package enum Kind: String, Codable, CaseIterable, Sendable {
        case start, entry, checkpoint, end
    }

    package var type: Kind
    package var chain: String
    /// Of an entry: the number of the epoch that its chain value was made in.
    package var epoch: UInt32?
    /// Of an entry: the bytes that are chained, in base64.
    package var bytes: String?
    /// Of an entry: what the bytes say.
    package var entry: AuditEntryBody?
    /// Of a checkpoint, and of the start: its text.
    package var checkpoint: String?
    /// Of the end: how many entries the export holds.
    package var entries: Int64?

    package init(_ type: Kind, chain: String) {
        self.type = type
        self.chain = chain
    }
}
