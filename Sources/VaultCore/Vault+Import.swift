// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import EnvironmentFile
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Takes a `.env` file into the vault: every entry of it in one transaction, or none.
    ///
    /// A dry run answers with the plan and changes nothing. Values are in no answer.
    package func importFile(
        _ request: ImportRequest,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> ImportBody {
        var accepted: Set<FindingCode> = []
        for text in request.accepted {
            guard let code = FindingCode(rawValue: text), code.severity != .error else {
                throw .invalidField("accept", reason: "a code is one of the W_ codes of docs/env-files.md")
            }
            accepted.insert(code)
        }
        guard request.file.bytes.count <= EnvironmentFileReader.maximumFileBytes else {
            throw .fileTooLarge(limit: EnvironmentFileReader.maximumFileBytes)
        }
        let parsed = EnvironmentFileReader.parse(
            request.file.bytes,
            strict: request.isStrict,
            accepting: accepted
        )
        guard !parsed.hasErrors else {
            throw .invalidFile(parsed.findings.map { FindingBody($0) }, unlisted: parsed.unlistedFindings)
        }
        if request.isDryRun {
            return try await read(.entryImport, by: caller) { act in
                try ImportPlan(of: parsed, request: request, act: act).body(isApplied: false)
            }
        }
        return try await write(.entryImport, by: caller, once: once) { act in
            let plan = try ImportPlan(of: parsed, request: request, act: act)
            if let planID = request.planID, planID != plan.id { throw VaultError.planChanged }
            let conflicts = plan.lines.filter { $0.action == .conflict }
            guard conflicts.isEmpty else {
                throw VaultError.importConflict(
                    conflicts.map { ConflictBody(code: .duplicateName, name: $0.entry.name.text) }
                )
            }
            return try plan.apply()
        }
    }
}

/// What an import does, line by line, decided in the transaction that does it.
private struct ImportPlan {
    struct Line {
        let entry: ParsedEntry
        let guess: KindGuess
        let kind: EntryKind
        let reason: String
        var action: ImportAction
        /// The live entry of that name, or the one that was made.
        var row: EntryRow?
    }

    let id: String
    let act: Act
    let agents: [AgentRow]
    let findings: [Finding]
    let unlistedFindings: Int
    var lines: [Line]

    init(of parsed: ParsedEnvironment, request: ImportRequest, act: Act) throws {
        self.act = act
        findings = parsed.findings
        unlistedFindings = parsed.unlistedFindings
        agents = try request.attachTo.map { try act.liveAgent($0) }
        lines = try parsed.entries.map { entry in
            let guess = KindGuess(name: entry.name, value: entry.value.bytes)
            let row = try act.connection.liveEntry(named: entry.name, in: act.workspace)
            let kind = request.kind ?? row?.kind ?? guess.kind
            let reason = request.kind != nil ? "requested" : row != nil ? "existing" : guess.reason.rawValue
            var line = Line(entry: entry, guess: guess, kind: kind, reason: reason, action: .create, row: row)
            if kind == .secret, entry.value.bytes.isEmpty, !request.allowsEmpty {
                line.action = .skipEmpty
            } else if let row {
                line.action = try act.holdsSameValue(row, entry.value) ? .same : request.onExisting.action
            }
            return line
        }
        // Keyed, so that the plan's id gives no way to guess a value.
        let revision = try act.connection.revision(of: act.workspace)
        let input = request.file.bytes.withBytes { Array("import/\(revision)/".utf8) + [UInt8]($0) }
        id = hexadecimal(act.ring.requestFingerprint(input, workspace: act.workspace).suffix(16))
    }

    func body(isApplied: Bool) throws -> ImportBody {
        ImportBody(
            planId: id,
            applied: isApplied,
            entries: lines.map { line in
                ImportEntryBody(
                    line: line.entry.line,
                    name: line.entry.name.text,
                    kind: line.kind,
                    reason: line.reason,
                    action: line.action,
                    length: line.entry.value.bytes.count,
                    mask: Mask(of: line.entry.value.bytes).text,
                    provider: line.guess.provider?.text,
                    flags: line.entry.flags.map(\.rawValue),
                    id: line.row?.id.text
                )
            },
            findings: findings.map { FindingBody($0) },
            unlistedFindings: unlistedFindings,
            attachedTo: agents.map { NamedBody(id: $0.id.text, name: $0.name) },
            stale: try staleAgents()
        )
    }

    /// Agents with live instances that hold an older version of what the import updates.
    private func staleAgents() throws -> [NamedBody] {
        var found: [AgentID: String] = [:]
        for line in lines where line.action == .update {
            guard let row = line.row else { continue }
            for attachment in try act.connection.attachments(of: row.id, in: act.workspace)
            where found[attachment.agentID] == nil {
                guard let agent = try act.connection.agent(attachment.agentID, in: act.workspace),
                    try !act.connection.liveInstances(of: agent.id, in: act.workspace).isEmpty
                else { continue }
                found[agent.id] = agent.name
            }
        }
        return found.sorted { $0.value < $1.value }.map { NamedBody(id: $0.key.text, name: $0.value) }
    }

    func apply() throws -> Done<ImportBody> {
        var applied = self
        var events: [AuditEvent] = []
        for (index, line) in lines.enumerated() {
            switch line.action {
            case .create:
                let row = try act.insertEntry(
                    CreateSecretBody(name: line.entry.name.text, kind: line.kind, value: SecretText(line.entry.value))
                )
                applied.lines[index].row = row
                events.append(AuditEvent(action: .entryCreate, subjects: [row.subject]))
            case .update:
                guard let old = line.row else { continue }
                let change = UpdateSecretBody(kind: line.kind, value: SecretText(line.entry.value))
                let row = try act.updateEntry(old, change)
                applied.lines[index].row = row
                events.append(AuditEvent(action: .entryUpdate, subjects: [row.subject]))
            case .same, .skipExisting, .skipEmpty, .conflict:
                continue
            }
        }
        events += try applied.attachAll()
        let changed = events.count
        events.append(
            AuditEvent(
                action: .entryImport,
                subjects: agents.map(\.subject),
                details: [
                    AuditDetail(key: "plan", value: id),
                    AuditDetail(key: "lines", value: String(lines.count)),
                    AuditDetail(key: "changes", value: String(changed)),
                ]
            )
        )
        return Done(try applied.body(isApplied: true), events: events)
    }

    /// Attaches what the file names to each agent, as far as it is not attached already.
    private func attachAll() throws -> [AuditEvent] {
        var events: [AuditEvent] = []
        let rows = lines.filter { $0.action != .skipEmpty }.compactMap(\.row)
        for agent in agents {
            let held = Set(try act.connection.attachments(of: agent.id, in: act.workspace).map(\.entryID))
            let missing = rows.filter { !held.contains($0.id) }
            // An attach takes at most 500 at a time.
            var rest = missing[...]
            while !rest.isEmpty {
                let attached = try act.attach(rest.prefix(500).map(\.id.text), to: agent)
                rest = rest.dropFirst(500)
                events.append(AuditEvent(action: .attach, subjects: [agent.subject] + attached.map(\.subject)))
            }
        }
        return events
    }
}

extension OnExisting {
    fileprivate var action: ImportAction {
        switch self {
        case .fail: .conflict
        case .skip: .skipExisting
        case .update: .update
        }
    }
}

extension Act {
    /// Whether the live entry holds exactly `value`; a damaged one holds nothing.
    fileprivate func holdsSameValue(_ row: EntryRow, _ value: SharedSecret) throws -> Bool {
        let owner = try connection.ownerScope(of: row.ownerID, in: workspace)
        let stored = try connection.entryValue(of: row.id, version: row.version, in: workspace)
        guard let opened = try? row.openValue(stored, owner: owner, ring: ring) else { return false }
        return opened.value.bytes.withBytes { old in value.bytes.withBytes { new in old.elementsEqual(new) } }
    }
}

extension FindingBody {
    fileprivate init(_ finding: Finding) {
        self.init(
            line: finding.line,
            column: finding.column,
            code: finding.code.rawValue,
            severity: finding.isError ? FindingSeverity.error.rawValue : finding.code.severity.rawValue,
            text: finding.text
        )
    }
}
