// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Storage
internal import VaultModel

extension Act {
    /// The live secret or variable that `reference` names: by id first, then by name.
    func liveEntry(_ reference: String) throws -> EntryRow {
        if let id = EntryID(reference) {
            if let row = try connection.entry(id, in: workspace), row.deletedAt == nil, row.kind != .credential {
                return row
            }
        } else if let name = try? EnvironmentName(reference),
            let row = try connection.liveEntry(named: name, in: workspace)
        {
            return row
        }
        throw VaultError.notFound(.entry)
    }

    /// The live agent that `reference` names: by id first, then by name, ignoring case.
    func liveAgent(_ reference: String) throws -> AgentRow {
        var found: AgentRow?
        if let id = AgentID(reference), let row = try connection.agent(id, in: workspace), row.deletedAt == nil {
            found = row
        } else if let name = DisplayName(reference) {
            found = try connection.liveAgent(foldedName: name.folded, in: workspace)
        }
        guard let found else { throw VaultError.notFound(.agent) }
        try found.verify(with: ring)
        return found
    }
}

/// Reads a name from a request.
func environmentName(_ text: String, field: String) throws(VaultError) -> EnvironmentName {
    do {
        return try EnvironmentName(text)
    } catch {
        switch error {
        case .empty: throw .invalidName(field: field, reason: "a name has at least one character")
        case .tooLong: throw .invalidName(field: field, reason: "a name has at most 128 bytes")
        case .invalidCharacter:
            throw .invalidName(
                field: field,
                reason: "a name consists of letters, digits and _, and does not begin with a digit"
            )
        }
    }
}

func displayName(_ text: String, field: String) throws(VaultError) -> DisplayName {
    guard let name = DisplayName(text) else {
        throw .invalidName(
            field: field,
            reason: "a name has 1 to 128 visible characters and no blank at either end"
        )
    }
    return name
}

func providerID(_ text: String?) throws(VaultError) -> ProviderID? {
    guard let text else { return nil }
    guard let provider = ProviderID(text) else {
        throw .invalidField("provider", reason: "a provider is written like anthropic: [a-z][a-z0-9_-]*, at most 64")
    }
    return provider
}

/// Checks free text that an operator attaches to an entry.
func note(_ text: String?) throws(VaultError) -> String {
    let text = text ?? ""
    guard text.utf8.count <= 2_000, !text.utf8.contains(0) else {
        throw .invalidField("note", reason: "a note has at most 2,000 bytes and no NUL")
    }
    return text
}
