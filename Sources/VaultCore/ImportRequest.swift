// SPDX-License-Identifier: Apache-2.0

package import APITypes
package import VaultModel

/// A `.env` file to take into the vault, and how.
package struct ImportRequest: Sendable {
    package var file: SharedSecret
    /// The kind of every entry; nil guesses each from its name and value.
    package var kind: EntryKind?
    /// Whether only the plan is wanted.
    package var isDryRun: Bool
    package var onExisting: OnExisting
    /// Agents, by id or name, that every entry of the file is attached to.
    package var attachTo: [String]
    /// Whether a secret may be empty; otherwise an empty one is passed over.
    package var allowsEmpty: Bool
    /// Whether ambiguous and risky places are errors, except for the codes in `accepted`.
    package var isStrict: Bool
    package var accepted: [String]
    /// The plan that was looked at; refused when the file or the vault changed since.
    package var planID: String?

    package init(
        file: SharedSecret,
        kind: EntryKind? = nil,
        isDryRun: Bool = false,
        onExisting: OnExisting = .fail,
        attachTo: [String] = [],
        allowsEmpty: Bool = false,
        isStrict: Bool = false,
        accepted: [String] = [],
        planID: String? = nil
    ) {
        self.file = file
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
