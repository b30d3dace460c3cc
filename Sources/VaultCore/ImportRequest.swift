// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import EnvironmentFile
package import VaultModel

/// Files to take into the vault, and how.
package struct ImportRequest: Sendable {
    /// What a file may have: more than a `.env` file may, as an archive.
    package static let maximumFileBytes = Archive.maximumBytes

    /// `.env` files, and archives of them.
    package var files: [ImportFile]
    /// The kind of every entry; nil guesses each from its name and value.
    package var kind: EntryKind?
    /// Whether only the plan is wanted.
    package var isDryRun: Bool
    package var onExisting: OnExisting
    /// Agents, by id or name, that every entry is attached to.
    package var attachTo: [String]
    /// Whether a secret may be empty; otherwise an empty one is passed over.
    package var allowsEmpty: Bool
    /// Whether ambiguous and risky places are errors, except for the codes in `accepted`.
    package var isStrict: Bool
    package var accepted: [String]
    package var format = ImportFormat.env
    /// Another one than the own is for ``ImportFormat/env`` only.
    package var dialect = ImportDialect.attache
    /// Of the own dialect only; the others do what their readers do.
    package var interpolation = ImportInterpolation.off
    /// The plan that was looked at; refused when the files, the options or the vault changed since.
    package var planID: String?
    /// The bundles that are imported, by name; empty means all.
    package var bundles: [String] = []
    /// Bundles, by name, each overriding those before it.
    package var mergeOrder: [String] = []
    /// What is to be done about single names.
    package var choices: [ImportChoice] = []

    package init(
        files: [ImportFile],
        kind: EntryKind? = nil,
        isDryRun: Bool = false,
        onExisting: OnExisting = .fail,
        attachTo: [String] = [],
        allowsEmpty: Bool = false,
        isStrict: Bool = false,
        accepted: [String] = [],
        planID: String? = nil
    ) {
        self.files = files
        self.kind = kind
        self.isDryRun = isDryRun
        self.onExisting = onExisting
        self.attachTo = attachTo
        self.allowsEmpty = allowsEmpty
        self.isStrict = isStrict
        self.accepted = accepted
        self.planID = planID
    }
}

/// One file of an import, as it was sent.
package struct ImportFile: Sendable {
    /// Nil where it was sent without one.
    package var name: String?
    package var contents: SharedSecret

    package init(name: String? = nil, contents: SharedSecret) {
        self.name = name
        self.contents = contents
    }
}
