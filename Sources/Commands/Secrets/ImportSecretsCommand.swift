// SPDX-License-Identifier: Apache-2.0

internal import APIClient
package import APITypes
package import ArgumentParser
internal import VaultModel

package struct ImportSecretsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import .env files.",
        discussion: """
            The server reads each file as text, runs nothing in it and expands nothing. A file is imported whole or not at all; \
            of several files none is imported unless all can be. What the reader has to say is printed on stderr as \
            FILE:LINE:COLUMN: CODE: TEXT, never with a part of a value.

            Exit status: 0 imported (or the plan is clean), 1 errors and nothing written, 2 with --check where another \
            common reader would give another value.

            Examples:
              attache secrets import .env --dry-run
              attache secrets import .env --attach bot --on-existing update
              sops -d secrets.env | attache secrets import -
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The files; - is stdin.", completion: .file())
    var files: [String]

    @Option(help: "What the entries are; guess goes by names and values.")
    var kind = ImportKind.guess

    @Flag(help: "Show the plan and write nothing.")
    var dryRun = false

    @Flag(help: "As --dry-run, and exit with 2 where a value is ambiguous or a name is risky.")
    var check = false

    @Option(help: "What to do about names that exist.")
    var onExisting = OnExisting.fail

    @Option(help: ArgumentHelp("Attach what is imported to this agent; may be repeated.", valueName: "agent"))
    var attach: [String] = []

    @Flag(help: "Refuse files with ambiguous values or risky names.")
    var strict = false

    @Option(help: ArgumentHelp("Codes that are fine, such as W_DOLLAR,W_MULTILINE.", valueName: "codes"))
    var accept: [String] = []

    @Flag(help: "Import secrets without a value too.")
    var allowEmpty = false

    @Option(help: ArgumentHelp("Carry out this plan of a dry run and no other.", valueName: "id"))
    var plan: String?

    package init() {}

    package func validate() throws {
        if plan != nil, files.count > 1 { throw ValidationError("--plan is for one file") }
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("stdin can be read once") }
    }

    private var writes: Bool { !dryRun && !check }

    package func run() async throws {
        let texts = try files.map { file throws(CommandError) in
            // As much as the server reads.
            let contents = try BoundedFile(path: file, limit: 1 << 20).contents()
            return (name: file == "-" ? "stdin" : file, text: SharedSecret(contents))
        }
        let plans = try await client.withServer { server in
            if writes, texts.count > 1 {
                for file in texts { _ = try await perform(file.text, of: file.name, dryRun: true, on: server) }
            }
            var plans: [(name: String, plan: ImportBody)] = []
            for file in texts {
                plans.append((file.name, try await perform(file.text, of: file.name, dryRun: !writes, on: server)))
            }
            return plans
        }
        try show(plans)
        for file in plans where !file.plan.conflictingNames.isEmpty {
            throw CommandError.importConflict(file: file.name, names: file.plan.conflictingNames)
        }
        if check, plans.contains(where: \.plan.isDoubtful) { throw ExitStatus.usage.exit }
    }

    /// Sends one file; what is wrong in it is told with its name.
    private func perform(
        _ text: SharedSecret,
        of file: String,
        dryRun: Bool,
        on server: APIClient
    ) async throws -> ImportBody {
        var options = ImportOptions()
        options.dryRun = dryRun
        options.kind = kind.entryKind
        options.onExisting = onExisting
        options.attachTo = attach
        options.allowEmpty = allowEmpty
        options.strict = strict
        options.accept = accept
        options.planID = plan
        let plan: ImportBody
        do {
            plan = try await server.importFile(text, options)
        } catch {
            guard case .answer(var body) = error, let findings = body.findings else { throw error }
            tell(findings, unlisted: body.unlistedFindings ?? 0, of: file)
            body.error = "\(file): \(body.error)"
            throw APIClientError.answer(body)
        }
        if dryRun, writes, !plan.conflictingNames.isEmpty {
            throw CommandError.importConflict(file: file, names: plan.conflictingNames)
        }
        return plan
    }

    private func tell(_ findings: [FindingBody], unlisted: Int, of file: String) {
        guard !client.json else { return }
        for finding in findings {
            let place = "\(file):\(finding.line):\(finding.column)"
            StandardStream.error.tell("\(place): \(finding.code): \(finding.text)".printable + "\n")
        }
        if unlisted > 0 { StandardStream.error.tell("\(file): and \(unlisted) more".printable + "\n") }
    }

    // MARK: - Output

    private func show(_ plans: [(name: String, plan: ImportBody)]) throws {
        for file in plans {
            tell(file.plan.findings, unlisted: file.plan.unlistedFindings, of: file.name)
        }
        if let only = plans.first, plans.count == 1 {
            try client.show(only.plan) { only.plan.text(headed: nil) }
        } else {
            try client.show(ImportDocument(imports: plans.map { .init(file: $0.name, plan: $0.plan) })) {
                plans.map { $0.plan.text(headed: $0.name) }.joined(separator: "\n")
            }
        }
    }
}

/// What the entries of an import become.
enum ImportKind: String, CaseIterable, ExpressibleByArgument, Sendable {
    case guess, secret, variable

    var entryKind: EntryKind? {
        switch self {
        case .guess: nil
        case .secret: .secret
        case .variable: .variable
        }
    }
}

/// The document of an import of several files.
private struct ImportDocument: Encodable {
    let imports: [FileImport]

    struct FileImport: Encodable {
        let file: String
        let plan: ImportBody
    }
}

extension ImportBody {
    fileprivate var conflictingNames: [String] { entries.filter { $0.action == .conflict }.map(\.name) }

    /// Whether another common reader would give another value, or a name is risky.
    package var isDoubtful: Bool { findings.contains { $0.severity == "ambiguous" || $0.severity == "risk" } }

    /// The plan for people.
    package func text(headed heading: String?) -> String {
        var text = heading.map { "\($0.printable):\n" } ?? ""
        var table = Table("LINE", "NAME", "KIND", "WHY", "ACTION", "LENGTH", "MASK", "PROVIDER", "FLAGS")
        for entry in entries {
            table.add(
                String(entry.line),
                entry.name,
                entry.kind.rawValue,
                entry.reason,
                entry.action.rawValue,
                String(entry.length),
                entry.mask,
                entry.provider ?? "-",
                entry.flags.isEmpty ? "-" : entry.flags.joined(separator: ",")
            )
        }
        text += entries.isEmpty ? "no entries\n" : table.text
        let counts = ImportAction.allCases.compactMap { action -> String? in
            let count = entries.count { $0.action == action }
            return count == 0 ? nil : "\(count) \(action.rawValue)"
        }
        text += applied ? "imported: " : "nothing was written: "
        text += (counts.isEmpty ? "0" : counts.joined(separator: ", ")) + "\n"
        if !applied { text += "plan: \(planId.printable)\n" }
        if !attachedTo.isEmpty { text += "attached to: \(attachedTo.listed)\n" }
        if !stale.isEmpty { text += "receive the change at their next start: \(stale.listed)\n" }
        return text
    }
}

extension [NamedBody] {
    /// The names, for people.
    var listed: String { map(\.name.printable).joined(separator: ", ") }
}
