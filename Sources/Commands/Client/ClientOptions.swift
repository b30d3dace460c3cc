// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc

/// The options that every command of a client has.
struct ClientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's socket (ATTACHE_SOCKET).", valueName: "path"))
    var socket: String?

    @Option(help: ArgumentHelp("The server's address, with ATTACHE_API_KEY (ATTACHE_ADDRESS).", valueName: "url"))
    var address: String?

    @Flag(help: "Print one JSON document; errors as JSON on stderr.")
    var json = false

    /// The variables of this process.
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    func settings(agentSocket: String? = nil) throws(CommandError) -> ClientSettings {
        try ClientSettings(
            socket: socket,
            address: address,
            agentSocket: agentSocket,
            environment: Self.environment,
            userID: geteuid()
        )
    }

    /// Lends a client of the server for the length of `body`.
    func withServer<Result>(_ body: (APIClient) async throws -> Result) async throws -> Result {
        try await settings().withServer(body)
    }

    /// Prints a result: the document, or the text for people.
    func show(_ document: some Encodable, asText text: () -> String) throws(CommandError) {
        try StandardStream.output.write(json ? JSONDocument(document).text + "\n" : text())
    }

    /// Tells people something beside the result; programs that read stderr expect errors there.
    func note(_ text: String) {
        guard !json else { return }
        StandardStream.error.tell("attache: \(text.printable)\n")
    }
}

extension ClientSettings {
    func withServer<Result>(_ body: (APIClient) async throws -> Result) async throws -> Result {
        try await APIClient.withClient(
            of: address,
            key: key,
            certificates: certificates,
            userAgent: "attache/\(ProductVersion.text)",
            body
        )
    }
}
