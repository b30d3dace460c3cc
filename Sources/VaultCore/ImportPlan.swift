// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import AccessRules
internal import AuditTrail
internal import EnvironmentFile
internal import Sealing
internal import Storage
internal import VaultModel

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What an import does, line by line, decided in the transaction that does it.
struct ImportPlan {
    struct Line {
        let bundle: String?
        let entry: ParsedEntry
        let guess: KindGuess
        let name: EnvironmentName
        let kind: EntryKind
        let reason: String
        let onExisting: OnExisting
        var action = ImportAction.create
        /// The live entry of that name, or the one that was made.
        var row: EntryRow?
    }

    /// Stands for the files, the options and the vault's state.
    let id: String
    private let act: Act
    private let request: ImportRequest
    private let bundles: ImportBundles
    private let agents: [AgentRow]
    private var lines: [Line]
    /// What keeps the plan from being carried out, in full.
    private(set) var conflicts: [ConflictBody] = []

    init(of bundles: ImportBundles, request: ImportRequest, act: Act) throws {
        self.act = act
        self.request = request
        self.bundles = bundles
        agents = try request.attachTo.map { try act.liveAgent($0) }
        id = try act.planID(of: request)
        lines = try ImportChoices(request, bundles: bundles.bundles).lines(act)
        resolveBundles()
        try decide()
        for agent in agents { conflicts += try attachConflicts(of: agent) }
    }

    // MARK: - Deciding

    /// Leaves one line of every name that several lines give, or finds a conflict.
    private mutating func resolveBundles() {
        let order = Dictionary(uniqueKeysWithValues: request.mergeOrder.enumerated().map { ($1, $0) })
        func place(_ index: Int) -> Int? { lines[index].bundle.flatMap { order[$0] } }
        let active = lines.indices.filter { lines[$0].action != .skip }
        for rivals in Dictionary(grouping: active, by: { lines[$0].name }).values where rivals.count > 1 {
            var merged = rivals.filter { place($0) != nil }
            // Two lines of one bundle, one of them renamed, have no order.
            if Set(merged.map { place($0) }).count < merged.count { merged = [] }
            let winner = merged.max { (place($0) ?? 0) < (place($1) ?? 0) }
            // What is not in the order neither overrides nor is overridden, unless it is the same.
            let rest = [winner].compactMap(\.self) + rivals.filter { !merged.contains($0) }
            for rival in rivals where rival != rest[0] { lines[rival].action = .overridden }
            for rival in rest.dropFirst() where !lines[rival].hasSameValue(as: lines[rest[0]]) {
                for index in [rest[0], rival] { lines[index].action = .conflict }
                conflicts.append(
                    ConflictBody(code: .duplicateName, name: lines[rival].name.text, with: lines[rest[0]].bundle)
                )
            }
        }
        conflicts.sort { $0.name < $1.name }
    }

    private mutating func decide() throws {
        for index in lines.indices where lines[index].action == .create {
            let line = lines[index]
            if line.kind == .secret, line.entry.value.bytes.isEmpty, !request.allowsEmpty {
                lines[index].action = .skipEmpty
            } else if let row = line.row {
                try decide(index, over: row)
            } else if line.name.isDangerous, try !act.isAllowedSomewhere(line.name) {
                refuse(index, .invalidName)
            }
        }
    }

    private mutating func decide(_ index: Int, over row: EntryRow) throws {
        let line = lines[index]
        if line.kind == row.kind, try act.holdsSameValue(row, line.entry.value) {
            lines[index].action = .same
            return
        }
        switch line.onExisting {
        case .fail: refuse(index, .duplicateName)
        case .skip: lines[index].action = .skipExisting
        case .update where AttachmentRules.kindMayChange(from: row.kind, to: line.kind):
            lines[index].action = .update
        case .update: refuse(index, .kindIsFinal)
        }
    }

    private mutating func refuse(_ index: Int, _ code: ErrorCode) {
        lines[index].action = .conflict
        conflicts.append(ConflictBody(code: code, name: lines[index].name.text))
    }

    /// What attaching to `agent` would break, as the attach itself finds it.
    private func attachConflicts(of agent: AgentRow) throws -> [ConflictBody] {
        let held = try act.connection.attachedEntries(of: agent.id, in: act.workspace).map(\.entry)
        let heldIDs = Set(held.map(\.id))
        let candidates = attachable.filter { line in line.row.map { !heldIDs.contains($0.id) } ?? true }.map { line in
            AttachmentCandidate(
                entry: line.row?.id ?? EntryID(at: act.now),
                name: line.name.text,
                variable: line.name,
                provider: line.row?.provider
            )
        }
        let allowed = Set(agent.allowedNames.split(separator: " ").map(String.init))
        var found = candidates.filter { $0.variable.isDangerous && !allowed.contains($0.name) }
            .map { ConflictBody(code: .invalidName, name: $0.name) }
        if held.count + candidates.count > Act.maximumAttached {
            found.append(ConflictBody(code: .limitReached, name: agent.name))
        }
        let own = try act.candidates(of: agent)
        found += AttachmentRules.conflicts(attaching: candidates, to: own).map { ConflictBody($0) }
        return found.map { conflict in
            var conflict = conflict
            conflict.agent = agent.name
            return conflict
        }
    }

    /// The lines whose entries are attached.
    private var attachable: [Line] {
        lines.filter { line in
            switch line.action {
            case .create, .update, .same, .skipExisting: true
            case .skipEmpty, .skip, .overridden, .conflict: false
            }
        }
    }

    // MARK: - Answering

    func body(isApplied: Bool) throws -> ImportBody {
        ImportBody(
            planId: id,
            applied: isApplied,
            entries: lines.map { line in
                ImportEntryBody(
                    bundle: line.bundle,
                    line: line.entry.line,
                    name: line.name.text,
                    originalName: line.name == line.entry.name ? nil : line.entry.name.text,
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
            conflicts: conflicts,
            bundles: bundles.bundles.compactMap { bundle in
                bundle.name.map { ImportBundleBody(name: $0, entries: bundle.entries.count) }
            },
            skipped: bundles.skipped,
            findings: bundles.findings,
            unlistedFindings: bundles.unlistedFindings,
            attachedTo: agents.map { NamedBody(id: $0.id.text, name: $0.name) },
            stale: try staleAgents()
        )
    }

    /// Agents with live instances that hold an older version of what the import updates, or lack what it attaches.
    private func staleAgents() throws -> [NamedBody] {
        var candidates: [AgentID: AgentRow] = [:]
        let attached = Set(attachable.filter { $0.action == .create }.map(\.name))
        for agent in agents where !attached.isEmpty { candidates[agent.id] = agent }
        for case .some(let row) in lines.filter({ $0.action == .update }).map(\.row) {
            for attachment in try act.connection.attachments(of: row.id, in: act.workspace)
            where candidates[attachment.agentID] == nil {
                candidates[attachment.agentID] = try act.connection.agent(attachment.agentID, in: act.workspace)
            }
        }
        return try candidates.values.filter { agent in
            try !act.connection.liveInstances(of: agent.id, in: act.workspace).isEmpty
        }.sorted { $0.name < $1.name }.map { NamedBody(id: $0.id.text, name: $0.name) }
    }

    // MARK: - Carrying out

    func apply() throws -> Done<Imported> {
        var applied = self
        var events: [AuditEvent] = []
        var erasedReadable = false
        for (index, line) in lines.enumerated() {
            switch line.action {
            case .create:
                let row = try act.insertEntry(
                    CreateSecretBody(name: line.name.text, kind: line.kind, value: SecretText(line.entry.value))
                ).row
                applied.lines[index].row = row
                events.append(AuditEvent(action: .entryCreate, subjects: [row.subject]))
            case .update:
                guard let old = line.row else { continue }
                erasedReadable = erasedReadable || old.kind == .variable
                let change = UpdateSecretBody(kind: line.kind, value: SecretText(line.entry.value))
                let row = try act.updateEntry(old, change).row
                applied.lines[index].row = row
                events.append(AuditEvent(action: .entryUpdate, subjects: [row.subject]))
            case .same, .skipExisting, .skipEmpty, .skip, .overridden, .conflict:
                continue
            }
        }
        // Before the attach, which makes what is attached already look like nothing new.
        let body = try applied.body(isApplied: true)
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
        return Done(Imported(body: body, erasedReadable: erasedReadable), events: events)
    }

    /// Attaches what the files name to each agent, as far as it is not attached already.
    private func attachAll() throws -> [AuditEvent] {
        var events: [AuditEvent] = []
        let rows = attachable.compactMap(\.row)
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

extension ImportPlan.Line {
    fileprivate func hasSameValue(as other: Self) -> Bool {
        entry.value.bytes.withBytes { left in other.entry.value.bytes.withBytes { right in left.elementsEqual(right) } }
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

    /// Stands for everything that a plan was made from.
    ///
    /// Keyed, so that it gives no way to guess a value.
    fileprivate func planID(of request: ImportRequest) throws -> String {
        let options = PlanOptions(request, revision: try connection.revision(of: workspace))
        let input = request.files.reduce(try options.bytes) { $0 + $1.contents.digest }
        return hexadecimal(ring.requestFingerprint(input, workspace: workspace).suffix(16))
    }
}

/// What a plan depends on beside the contents of the files.
private struct PlanOptions: Encodable {
    let revision: Int64
    let files: [String?]
    let kind: EntryKind?
    let onExisting: OnExisting
    let attachTo: [String]
    let allowsEmpty: Bool
    let format: ImportFormat
    let dialect: ImportDialect
    let interpolation: ImportInterpolation
    let bundles: [String]
    let mergeOrder: [String]
    let choices: [ImportChoice]

    init(_ request: ImportRequest, revision: Int64) {
        self.revision = revision
        files = request.files.map(\.name)
        kind = request.kind
        onExisting = request.onExisting
        attachTo = request.attachTo
        allowsEmpty = request.allowsEmpty
        format = request.format
        dialect = request.dialect
        interpolation = request.interpolation
        bundles = request.bundles
        mergeOrder = request.mergeOrder
        choices = request.choices
    }

    var bytes: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return [UInt8](try encoder.encode(self))
        }
    }
}
