// SPDX-License-Identifier: Apache-2.0

/// The body of every answer that is not a success.
///
/// `error` is a sentence for people and carries no part of a value or a token; `code` is for programs.
package struct ErrorBody: Codable, Equatable, Sendable {
    package var error: String
    package var code: ErrorCode
    package var status: Int
    /// What to do about it, where there is something to do.
    package var hint: String?
    /// The field of the request that is meant, such as `name`.
    package var field: String?
    /// Every rule that the request would break, when the status is 409.
    package var conflicts: [ConflictBody]?
    /// The agents that still hold the entry, with `still_attached`.
    package var agents: [NamedBody]?
    /// The current version, with `version_mismatch`.
    package var currentVersion: Int64?
    /// What is wrong with the file, with `invalid_file`.
    package var findings: [FindingBody]?
    /// How many more findings there were, with `invalid_file`.
    package var unlistedFindings: Int?

    package init(
        _ code: ErrorCode,
        _ error: String,
        hint: String? = nil,
        field: String? = nil,
        conflicts: [ConflictBody]? = nil,
        agents: [NamedBody]? = nil,
        currentVersion: Int64? = nil,
        findings: [FindingBody]? = nil,
        unlistedFindings: Int? = nil
    ) {
        self.error = error
        self.code = code
        status = code.status
        self.hint = hint
        self.field = field
        self.conflicts = conflicts
        self.agents = agents
        self.currentVersion = currentVersion
        self.findings = findings
        self.unlistedFindings = unlistedFindings
    }
}

/// One broken rule: the entry that was asked for and what it collides with.
package struct ConflictBody: Codable, Equatable, Sendable {
    package var code: ErrorCode
    package var name: String
    /// The name of the entry or agent that is in the way, when it is another one.
    package var with: String?
    /// The agent that would break the rule, where an import attaches to several.
    package var agent: String?

    package init(code: ErrorCode, name: String, with other: String? = nil, agent: String? = nil) {
        self.code = code
        self.name = name
        with = other
        self.agent = agent
    }
}

/// An id with the name that people know it by.
package struct NamedBody: Codable, Equatable, Sendable {
    package var id: String
    package var name: String

    package init(id: String, name: String) {
        self.id = id
        self.name = name
    }
}
