// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct VerifyAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no entry of the trail was changed, added, moved or taken out.",
        discussion: """
            With --anchor the trail is also held against checkpoints that were kept outside of the database: a file that \
            attache audit checkpoint filled, the manifest of a backup, or the log of the server as it is. Only that \
            shows that the whole database was put back to an earlier state.

            Exit status: 0 intact, 1 not.

            Examples:
              attache audit verify
              attache audit verify --anchor anchors.txt
              journalctl -u attache | attache audit verify --anchor -
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var chain: AuditChainOptions

    @Option(
        name: .customLong("anchor"),
        help: ArgumentHelp("A file that checkpoints stand in, - for stdin; may be repeated.", valueName: "file"),
        completion: .file()
    )
    var anchors: [String] = []

    func run() async throws {
        let texts = try anchors.flatMap { path throws in try AnchorFile(path: path).checkpoints() }
        let result = try await client.withServer { server in
            try await Self.verify(texts, ofSystem: chain.system, at: server)
        }
        try client.show(result) {
            var fields = FieldList()
            fields.add("intact", result.intact ? "yes" : "no")
            fields.add("problem", result.problem)
            fields.add("entries", String(result.entries))
            if result.removed > 0 { fields.add("removed by retention", String(result.removed)) }
            fields.add("checkpoints", String(result.checkpoints))
            if !anchors.isEmpty {
                fields.add("anchors that agree", "\(result.anchors) of \(texts.count)")
                if result.anchorsOfRemovedEntries > 0 {
                    fields.add("anchors of removed entries", String(result.anchorsOfRemovedEntries))
                }
            }
            fields.add("head", result.head)
            return fields.text
        }
        guard result.intact else { throw CommandError.auditDamaged }
        // A file of another server's checkpoints shows nothing, and must not look as if it did.
        if !anchors.isEmpty, result.anchors + result.anchorsOfRemovedEntries == 0 {
            throw CommandError.usage(
                "no checkpoint of this trail stands in \(anchors.joined(separator: ", "))",
                hint: "see attache audit checkpoint; the system's trail takes --system"
            )
        }
    }

    /// Sends the newest of many: a request takes a thousand, and one later checkpoint covers all before it.
    private static func verify(
        _ texts: [String],
        ofSystem: Bool,
        at server: APIClient
    ) async throws -> AuditVerificationBody {
        try await server.verifyAudit(anchors: Array(texts.suffix(1_000)), ofSystem: ofSystem)
    }
}
