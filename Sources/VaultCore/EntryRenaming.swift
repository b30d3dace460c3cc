// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import AccessRules
internal import Storage
internal import VaultModel

/// Live secrets and variables, and the names that they are to have, all at once.
///
/// A name that one of them leaves is free for another one: two may change places.
struct EntryRenaming {
    private let act: Act
    private let items: [(row: EntryRow, name: EnvironmentName)]
    /// The new name of each entry.
    private let names: [EntryID: EnvironmentName]

    init(_ items: [(row: EntryRow, name: EnvironmentName)], act: Act) {
        self.act = act
        self.items = items
        names = Dictionary(items.map { ($0.row.id, $0.name) }) { _, last in last }
    }

    /// Everything that is in the way, in the order of the entries; what holds of a name holds of an agent's names too.
    func conflicts() throws -> [ConflictBody] {
        var conflicts: [ConflictBody] = []
        var given: Set<EnvironmentName> = []
        var agents: [AgentID: (row: AgentRow, held: [AttachmentCandidate])] = [:]
        for (row, name) in items {
            var isTaken = !given.insert(name).inserted
            if let holder = try act.connection.liveEntry(named: name, in: act.workspace) {
                isTaken = isTaken || names[holder.id] == nil
            }
            if isTaken { conflicts.append(ConflictBody(code: .duplicateName, name: name.text)) }
            guard name != row.name else { continue }
            if name.isDangerous, try !act.isAllowedSomewhere(name) {
                conflicts.append(ConflictBody(code: .invalidName, name: name.text))
                continue
            }
            for attachment in try act.connection.attachments(of: row.id, in: act.workspace) {
                let known = try agents[attachment.agentID] ?? holder(attachment.agentID)
                guard let agent = known else { continue }
                agents[attachment.agentID] = agent
                if name.isDangerous, !agent.row.allowedNames.split(separator: " ").contains(Substring(name.text)) {
                    conflicts.append(ConflictBody(code: .invalidName, name: name.text, agent: agent.row.name))
                }
                if let other = agent.held.first(where: { $0.variable == name && $0.entry != row.id }) {
                    conflicts.append(
                        ConflictBody(
                            code: .duplicateVariable,
                            name: name.text,
                            with: other.name,
                            agent: agent.row.name
                        )
                    )
                }
            }
        }
        return conflicts
    }

    /// Renames all of them; throws everything that is in the way.
    func carryOut() throws -> [EntryRow] {
        let conflicts = try conflicts()
        guard conflicts.isEmpty else { throw VaultError.conflicts(conflicts) }
        let given = Set(items.map(\.name))
        for (row, name) in items where row.name != name && given.contains(row.name) {
            // Out of the way of the one that takes its name; nobody sees a name that the transaction does not keep.
            var passing = row
            passing.name = try freeName(for: row)
            try act.connection.updateEntry(passing)
        }
        return try items.map { try act.updateEntry($0.row, UpdateSecretBody(name: $0.name.text)).row }
    }

    private func freeName(for row: EntryRow) throws -> EnvironmentName {
        var text = "_" + row.id.text.replacing("-", with: "_")
        while try act.connection.liveEntry(named: EnvironmentName(text), in: act.workspace) != nil { text += "_" }
        return try EnvironmentName(text)
    }

    /// An agent with what it holds once all are renamed.
    private func holder(_ id: AgentID) throws -> (row: AgentRow, held: [AttachmentCandidate])? {
        guard let row = try act.connection.agent(id, in: act.workspace) else { return nil }
        let held = try act.candidates(of: row).map { candidate in
            guard let name = candidate.entry.flatMap({ names[$0] }) else { return candidate }
            return AttachmentCandidate(
                entry: candidate.entry,
                name: name.text,
                variable: name,
                provider: candidate.provider
            )
        }
        return (row, held)
    }
}
