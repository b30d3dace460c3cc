// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What the conflict rules look at of an entry, or of a provider in an entry's place: its identity, the variable it
/// becomes, whose credential it is.
package struct AttachmentCandidate: Equatable, Sendable {
    /// Nil for a provider.
    package var entry: EntryID?
    package var name: String
    package var variable: EnvironmentName
    package var provider: ProviderID?

    package init(entry: EntryID?, name: String, variable: EnvironmentName, provider: ProviderID?) {
        self.entry = entry
        self.name = name
        self.variable = variable
        self.provider = provider
    }
}

extension AttachmentCandidate {
    /// A provider, of which the agent gets whichever credential is preferred.
    package init(provider: ProviderID, variable: EnvironmentName) {
        self.init(entry: nil, name: provider.text, variable: variable, provider: provider)
    }

    fileprivate func isSame(as other: AttachmentCandidate) -> Bool {
        entry == nil ? other.entry == nil && provider == other.provider : entry == other.entry
    }
}

/// A rule that an attach would break.
package enum AttachmentConflict: Equatable, Sendable {
    /// That entry is already on that agent, or was named twice.
    case alreadyAttached(name: String)
    /// The agent would hold two credentials of one provider.
    case duplicateProvider(name: String, with: String)
    /// The agent would receive two values for one environment name.
    case duplicateVariable(name: String, with: String)
}

/// Decides whether entries may be attached to an agent.
package enum AttachmentRules {
    /// Finds every rule that attaching `candidates`, in their order, to an agent that holds `attached` would break.
    ///
    /// Empty means that all of them may be attached; otherwise none may. A candidate that conflicts still counts
    /// against the ones after it, so that the answer names every conflict at once.
    package static func conflicts(
        attaching candidates: [AttachmentCandidate],
        to attached: [AttachmentCandidate]
    ) -> [AttachmentConflict] {
        var conflicts: [AttachmentConflict] = []
        var held = attached
        for candidate in candidates {
            if held.contains(where: { candidate.isSame(as: $0) }) {
                conflicts.append(.alreadyAttached(name: candidate.name))
                continue
            }
            if let provider = candidate.provider, let other = held.first(where: { $0.provider == provider }) {
                conflicts.append(.duplicateProvider(name: candidate.name, with: other.name))
            }
            if let other = held.first(where: { $0.variable == candidate.variable }) {
                conflicts.append(.duplicateVariable(name: candidate.name, with: other.name))
            }
            held.append(candidate)
        }
        return conflicts
    }

    /// Whether an entry's kind may change.
    ///
    /// A secret never becomes a variable: that would disclose it. The other way seals the value.
    package static func kindMayChange(from old: EntryKind, to new: EntryKind) -> Bool {
        switch (old, new) {
        case (.secret, .variable): false
        case (.variable, .secret), (.secret, .secret), (.variable, .variable), (.credential, .credential): true
        // A credential is made as one: it has parts that no other kind has.
        case (.credential, _), (_, .credential): false
        }
    }
}
