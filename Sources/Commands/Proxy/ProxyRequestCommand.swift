// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser
internal import Glibc
internal import VaultModel

struct ProxyRequestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request",
        abstract: "Send one request to a target with the credential in it, and print its answer.",
        discussion: """
            The answer's body goes to stdout as it comes. A status of 400 or more is told on stderr, and the exit status is \
            then 1. The word request may be left out.

            Other users can read the arguments of a process: with - the token is read from stdin, and without one that of \
            ATTACHE_PROXY_TOKEN is taken.

            Examples:
              attache proxy pxr_… https://api.github.com/user
              attache proxy - https://api.resend.com/emails --data '{"to": "…"}' < token
              attache proxy https://api.example.com/items/1 --method DELETE
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: ArgumentHelp("Another method than GET, or POST with --data.", valueName: "method"))
    var method: String?

    @Option(help: ArgumentHelp("The body; @FILE takes it from a file.", valueName: "text"))
    var data: String?

    @Option(help: ArgumentHelp("A field of the request, \"Name: value\"; repeatable.", valueName: "field"))
    var header: [String] = []

    @Argument(help: ArgumentHelp("The proxy token, where it is not in ATTACHE_PROXY_TOKEN, and the target's URL."))
    var tokenAndUrl: [String]

    func validate() throws {
        guard (1...2).contains(tokenAndUrl.count) else { throw ValidationError("the arguments are a token and a URL") }
        guard header.allSatisfy({ $0.contains(":") }) else { throw ValidationError("a header is \"Name: value\"") }
    }

    func run() async throws {
        let request = ProxiedRequest(
            token: try token(),
            url: tokenAndUrl.last ?? "",
            method: method ?? (data == nil ? "GET" : "POST"),
            fields: header.map { field in
                let parts = field.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                return (name: String(parts[0]), value: String(parts[1].drop { $0 == " " }))
            },
            body: try data.map(Self.body)
        )
        let isJSON = client.json
        var body: [UInt8] = []
        let answer = try await client.withServer { server in
            try await server.proxy(request) { bytes in
                if isJSON { body += bytes } else { try StandardStream.output.write(bytes) }
            }
        }
        if isJSON {
            let document = AnswerDocument(
                status: answer.status,
                headers: Dictionary(answer.fields.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" },
                body: String(decoding: body, as: UTF8.self)
            )
            try StandardStream.output.write(JSONDocument(document).text + "\n")
        }
        guard answer.status >= 400 else { return }
        client.note("the target answered \(answer.status)")
        throw ExitCode(ExitStatus.failed.rawValue)
    }

    private func token() throws(CommandError) -> SharedSecret {
        let variable = ClientOptions.environment["ATTACHE_PROXY_TOKEN"] ?? ""
        let given = tokenAndUrl.count == 2 ? tokenAndUrl[0] : variable
        guard given != "-" else {
            return SharedSecret(try BoundedFile(path: "-", limit: 1_024).contents().droppingFinalNewline())
        }
        guard !given.isEmpty else {
            throw .usage("there is no proxy token", hint: "attache proxy TOKEN URL, or set ATTACHE_PROXY_TOKEN")
        }
        return SharedSecret(copying: Array(given.utf8))
    }

    private static func body(_ text: String) throws(CommandError) -> [UInt8] {
        guard text.hasPrefix("@") else { return Array(text.utf8) }
        let file = try BoundedFile(path: String(text.dropFirst()), limit: 16 << 20).contents()
        return file.withBytes { Array($0) }
    }

    /// What --json prints.
    private struct AnswerDocument: Encodable {
        let status: Int
        let headers: [String: String]
        let body: String
    }
}
