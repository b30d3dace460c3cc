// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
package import ArgumentParser
internal import VaultModel

package struct ImportSecretsCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import .env files, and archives of them.",
        discussion: """
            The server reads each file as text, runs nothing in it and looks nothing up. All files are imported or none. What the \
            reader has to say is printed on stderr as FILE:LINE:COLUMN: CODE: TEXT, never with a part of a value.

            An archive (tar, tar.gz, tar.xz, tar.zst, zip, 7z) is read in memory: every .env, .env.* and *.env in it is a \
            bundle of its own. Bundles that give one name different values are imported with --merge, or one by one with --bundle.

            In a terminal the plan is shown first: move with the arrow keys, change kinds and names, skip lines; Enter \
            imports, q leaves everything as it is.

            Exit status: 0 imported (or the plan is clean), 1 errors and nothing written, 2 with --check where another \
            common reader would give another value.

            Examples:
              attache secrets import .env --dry-run
              attache secrets import .env --attach bot --on-existing update --no-review
              attache secrets import bundle.zip --merge defaults.env,prod/.env
              attache secrets import .env --dialect compose --dry-run
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

    @Option(help: "What the files are: .env text, or one flat object or mapping.")
    var format: ImportFormat?

    @Option(help: "Whose rules .env text is read by.")
    var dialect: ImportDialect?

    @Option(help: "file: ${NAME} and the like stand for values given earlier in the same file.")
    var interpolate: ImportInterpolation?

    @Flag(help: "Import secrets without a value too.")
    var allowEmpty = false

    @Option(help: ArgumentHelp("Carry out this plan of a dry run and no other.", valueName: "id"))
    var plan: String?

    @Option(
        help: ArgumentHelp("Import this bundle only, by the name that the plan shows.", valueName: "name")
    )
    var bundle: [String] = []

    @Option(
        help: ArgumentHelp(
            "Bundles with commas between them; a name that several have gets the value of the last.",
            valueName: "bundles"
        )
    )
    var merge: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Look through the plan in the terminal first; on where stdin and stderr are one."
    )
    var review: Bool?

    package init() {}

    package func validate() throws {
        if files.filter({ $0 == "-" }).count > 1 { throw ValidationError("stdin can be read once") }
        if Set(files).count < files.count { throw ValidationError("a file is named twice") }
        if review == true, dryRun || check || client.json || plan != nil {
            throw ValidationError("--review writes what was looked at: not with --dry-run, --check, --json or --plan")
        }
    }

    private var writes: Bool { !dryRun && !check }

    package func run() async throws {
        let isReviewed = try wantsReview()
        let texts = try files.map { file throws(CommandError) in
            // As much as the server takes.
            let contents = try BoundedFile(path: file, limit: 10 << 20).contents()
            return (name: shown(file), contents: SharedSecret(contents))
        }
        let plan = try await client.withServer { server in
            if isReviewed { return try await importReviewed(texts, on: server) }
            let progress = ProgressLine(isShown: writes && !client.json)
            return try await progress.during("importing") { try await perform(texts, options, on: server) }
        }
        tell(plan.findings, unlisted: plan.unlistedFindings)
        try client.show(plan) { plan.text }
        guard plan.conflicts.isEmpty else { throw CommandError.importConflict(plan.conflicts.map(\.importText)) }
        if check, plan.isDoubtful { throw ExitStatus.usage.exit }
    }

    private func shown(_ file: String) -> String { file == "-" ? "stdin" : file }

    private var options: ImportOptions {
        var options = ImportOptions()
        options.dryRun = !writes
        options.kind = kind.entryKind
        options.onExisting = onExisting
        options.attachTo = attach
        options.allowEmpty = allowEmpty
        options.strict = strict
        options.accept = accept
        options.format = format
        options.dialect = dialect
        options.interpolation = interpolate
        options.planID = plan
        options.bundles = bundle
        options.mergeOrder = merge?.split(separator: ",").map(String.init) ?? []
        return options
    }

    /// Sends the files; what is wrong in them is told with their names.
    private func perform(
        _ texts: [(name: String, contents: SharedSecret)],
        _ options: ImportOptions,
        on server: APIClient
    ) async throws -> ImportBody {
        do {
            return try await server.importFiles(texts, options)
        } catch {
            guard case .answer(var body) = error, let findings = body.findings else { throw error }
            tell(findings, unlisted: body.unlistedFindings ?? 0)
            body.error = "\(texts.map(\.name).joined(separator: ", ")): \(body.error)"
            throw APIClientError.answer(body)
        }
    }

    private func tell(_ findings: [FindingBody], unlisted: Int) {
        guard !client.json else { return }
        for finding in findings { StandardStream.error.tell(finding.text(inFile: shown(files[0])) + "\n") }
        if unlisted > 0 { StandardStream.error.tell("and \(unlisted) more\n") }
    }

    // MARK: - Review

    private func wantsReview() throws -> Bool {
        let isTerminal = ReviewScreen.isPossible && !files.contains("-")
        guard let review else { return isTerminal && writes && !client.json && plan == nil }
        guard !review || isTerminal else {
            throw CommandError.usage(
                "there is no terminal to review the plan in",
                hint: "look at it with --dry-run and carry it out with --plan"
            )
        }
        return review
    }

    /// Shows the plan until it is confirmed and can be carried out, and carries out exactly that.
    private func importReviewed(
        _ texts: [(name: String, contents: SharedSecret)],
        on server: APIClient
    ) async throws -> ImportBody {
        var options = options
        options.dryRun = true
        var plan = try await perform(texts, options, on: server)
        var review = ImportReview(plan)
        while true {
            guard try ReviewScreen().show(&review) == .confirmed else { throw CommandError.cancelled }
            options.choices = review.choices
            options.dryRun = true
            options.planID = nil
            plan = try await perform(texts, options, on: server)
            guard plan.conflicts.isEmpty else {
                review.update(to: plan)
                continue
            }
            options.dryRun = false
            options.planID = plan.planId
            return try await perform(texts, options, on: server)
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
