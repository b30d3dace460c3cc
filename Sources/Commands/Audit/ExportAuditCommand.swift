// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser

struct ExportAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Print the trail, oldest first, with the chain values: a JSON object a line.",
        discussion: """
            Lines have a type: entry (with the bytes that are chained, in base64, and what they say), checkpoint, and \
            end as the last one; start comes first where retention has removed entries. A file without the end was cut \
            off. The output is the same with --json.

            Example:
              attache audit export > audit.jsonl
              attache audit export --after 12000 >> audit.jsonl
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var chain: AuditChainOptions

    @Option(help: ArgumentHelp("Only entries after this number.", valueName: "n"))
    var after: Int64 = 0

    func validate() throws {
        if after < 0 { throw ValidationError("--after is 0 or more") }
    }

    func run() async throws {
        try await client.withServer { server in
            var tail: [UInt8] = []
            try await server.exportAudit(after: after, ofSystem: chain.system) { piece in
                try StandardStream.output.write(piece)
                tail = Array((tail + piece).suffix(512))
            }
            let last = String(decoding: tail, as: UTF8.self).split(separator: "\n").last ?? ""
            guard last.contains("\"type\":\"end\"") else {
                throw APIClientError.protocolError("the export was cut off before its end")
            }
        }
    }
}
