// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What an import does when a live entry of the same name exists.
package enum OnExisting: String, CaseIterable, Codable, Sendable {
    case fail, skip, update
}

/// What an import does, or would do, with one line of the file.
package enum ImportAction: String, CaseIterable, Codable, Sendable {
    case create
    case update
    /// The vault holds the same value already.
    case same
    /// A live entry of that name exists and `on_existing` is `skip`.
    case skipExisting = "skip_existing"
    /// An empty value of kind secret, which is only imported when asked for.
    case skipEmpty = "skip_empty"
    case conflict
}

/// The plan of an import, and whether it was carried out.
package struct ImportBody: Codable, Equatable, Sendable {
    /// Stands for the file and the vault's state; an apply that names it is refused when either has changed.
    package var planId: String
    package var applied: Bool
    package var entries: [ImportEntryBody]
    package var findings: [FindingBody]
    /// How many more findings there were.
    package var unlistedFindings: Int
    /// Agents to which the imported entries were attached.
    package var attachedTo: [NamedBody]
    /// Agents whose live instances the updates make stale.
    package var stale: [NamedBody]

    package init(
        planId: String,
        applied: Bool,
        entries: [ImportEntryBody],
        findings: [FindingBody],
        unlistedFindings: Int,
        attachedTo: [NamedBody],
        stale: [NamedBody]
    ) {
        self.planId = planId
        self.applied = applied
        self.entries = entries
        self.findings = findings
        self.unlistedFindings = unlistedFindings
        self.attachedTo = attachedTo
        self.stale = stale
    }
}

/// One name of the file.
package struct ImportEntryBody: Codable, Equatable, Sendable {
    package var line: Int
    package var name: String
    package var kind: EntryKind
    /// Why that kind: the rule of the guess, or `requested`.
    package var reason: String
    package var action: ImportAction
    /// Bytes of the value.
    package var length: Int
    package var mask: String
    package var provider: String?
    package var flags: [String]
    package var id: String?

    package init(
        line: Int,
        name: String,
        kind: EntryKind,
        reason: String,
        action: ImportAction,
        length: Int,
        mask: String,
        provider: String?,
        flags: [String],
        id: String?
    ) {
        self.line = line
        self.name = name
        self.kind = kind
        self.reason = reason
        self.action = action
        self.length = length
        self.mask = mask
        self.provider = provider
        self.flags = flags
        self.id = id
    }
}

/// Something that the reader of a `.env` file has to say about a place in it; never a part of a value.
package struct FindingBody: Codable, Equatable, Sendable {
    package var line: Int
    package var column: Int
    package var code: String
    package var severity: String
    package var text: String

    package init(line: Int, column: Int, code: String, severity: String, text: String) {
        self.line = line
        self.column = column
        self.code = code
        self.severity = severity
        self.text = text
    }
}
