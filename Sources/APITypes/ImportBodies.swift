// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What an import does when a live entry of the same name exists.
package enum OnExisting: String, CaseIterable, Codable, Sendable {
    case fail, skip, update
}

/// Whose rules a `.env` file is read by.
package enum ImportDialect: String, CaseIterable, Codable, Sendable {
    /// The rules of `docs/env-files.md`.
    case attache
    case compose, docker, node, python, ruby, shell, systemd
}

/// What the text of a file is made of.
package enum ImportFormat: String, CaseIterable, Codable, Sendable {
    case env, json, yaml
}

/// Whether references in a value are replaced.
package enum ImportInterpolation: String, CaseIterable, Codable, Sendable {
    /// A `$` is a dollar.
    case off
    /// By values that are given earlier in the same file.
    case file
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
    /// Left out by a choice.
    case skip
    /// Another line of the import gives the name: the same value, or one that comes later in the merge order.
    case overridden
    case conflict
}

/// What is to be done about one name of an import, in the place of what the options say.
package struct ImportChoice: Codable, Equatable, Sendable {
    /// The bundle, as the plan names it; may be left out where only one has the name.
    package var bundle: String?
    /// The name as the file has it.
    package var name: String
    package var skip: Bool?
    package var kind: EntryKind?
    /// The name that the entry gets.
    package var rename: String?
    package var onExisting: OnExisting?

    package init(
        bundle: String? = nil,
        name: String,
        skip: Bool? = nil,
        kind: EntryKind? = nil,
        rename: String? = nil,
        onExisting: OnExisting? = nil
    ) {
        self.bundle = bundle
        self.name = name
        self.skip = skip
        self.kind = kind
        self.rename = rename
        self.onExisting = onExisting
    }
}

/// The part `choices` of an import that is sent as `multipart/form-data`.
package struct ImportChoicesBody: RequestBody, Equatable {
    package var choices: [ImportChoice]

    package init(choices: [ImportChoice]) {
        self.choices = choices
    }

    package enum CodingKeys: String, CodingKey, CaseIterable { case choices }
}

/// The plan of an import, and whether it was carried out.
package struct ImportBody: Codable, Equatable, Sendable {
    /// Stands for the files, the options and the vault's state; an apply that names it is refused when one has changed.
    package var planId: String
    package var applied: Bool
    /// By bundle, each in the order of its lines.
    package var entries: [ImportEntryBody]
    /// What keeps the plan from being carried out, in full.
    package var conflicts: [ConflictBody]
    /// The `.env` files that were read, in their order; empty for one file that was sent without a name.
    package var bundles: [ImportBundleBody]
    /// Members of archives that were not read.
    package var skipped: [SkippedFileBody]
    package var findings: [FindingBody]
    /// How many more findings there were.
    package var unlistedFindings: Int
    /// Agents to which the imported entries were attached.
    package var attachedTo: [NamedBody]
    /// Agents whose live instances lack what the import changes or attaches.
    package var stale: [NamedBody]

    package init(
        planId: String,
        applied: Bool,
        entries: [ImportEntryBody],
        conflicts: [ConflictBody] = [],
        bundles: [ImportBundleBody] = [],
        skipped: [SkippedFileBody] = [],
        findings: [FindingBody],
        unlistedFindings: Int,
        attachedTo: [NamedBody],
        stale: [NamedBody]
    ) {
        self.planId = planId
        self.applied = applied
        self.entries = entries
        self.conflicts = conflicts
        self.bundles = bundles
        self.skipped = skipped
        self.findings = findings
        self.unlistedFindings = unlistedFindings
        self.attachedTo = attachedTo
        self.stale = stale
    }
}

/// One `.env` file of an import.
package struct ImportBundleBody: Codable, Equatable, Sendable {
    /// The file's name, or its path inside an archive.
    package var name: String
    /// How many names it has.
    package var entries: Int

    package init(name: String, entries: Int) {
        self.name = name
        self.entries = entries
    }
}

/// A member of an archive that was not read.
package struct SkippedFileBody: Codable, Equatable, Sendable {
    package var path: String
    /// `template`, `keys`, `resource_fork` or `other`.
    package var reason: String

    package init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }
}

/// One name of the file.
package struct ImportEntryBody: Codable, Equatable, Sendable {
    /// The bundle that the line is in; nil for one file that was sent without a name.
    package var bundle: String?
    package var line: Int
    /// The name that the entry has or gets.
    package var name: String
    /// The name as the file has it, where a choice changes it.
    package var originalName: String?
    package var kind: EntryKind
    /// Why that kind: the rule of the guess, `existing` or `requested`.
    package var reason: String
    package var action: ImportAction
    /// Bytes of the value.
    package var length: Int
    package var mask: String
    package var provider: String?
    package var flags: [String]
    package var id: String?

    package init(
        bundle: String? = nil,
        line: Int,
        name: String,
        originalName: String? = nil,
        kind: EntryKind,
        reason: String,
        action: ImportAction,
        length: Int,
        mask: String,
        provider: String?,
        flags: [String],
        id: String?
    ) {
        self.bundle = bundle
        self.line = line
        self.name = name
        self.originalName = originalName
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
    /// The bundle, or the member of an archive, that is meant; nil for one file that was sent without a name.
    package var file: String?
    /// 0 where the whole file is meant.
    package var line: Int
    package var column: Int
    package var code: String
    package var severity: String
    package var text: String

    package init(file: String? = nil, line: Int, column: Int, code: String, severity: String, text: String) {
        self.file = file
        self.line = line
        self.column = column
        self.code = code
        self.severity = severity
        self.text = text
    }
}
