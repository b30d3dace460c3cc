// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import VaultModel

/// The options that every command of a client has.
struct ClientOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The server's socket (ATTACHE_SOCKET).", valueName: "path"))
    var socket: String?

    @Option(help: ArgumentHelp("The server's address, with ATTACHE_API_KEY (ATTACHE_ADDRESS).", valueName: "url"))
    var address: String?

    @Option(help: ArgumentHelp("The workspace's name or id (ATTACHE_WORKSPACE).", valueName: "workspace"))
    var workspace: String?

    @Flag(help: "Print one JSON document; errors as JSON on stderr.")
    var json = false

    /// The variables of this process.
    static var environment: [String: String] { ProcessInfo.processInfo.environment }

    /// What `attache login` saved.
    static func saved() throws(CommandError) -> SavedWorkspaces {
        try SavedWorkspaces.load(from: SavedWorkspaces.path(environment: environment))
    }

    /// Changes what is saved.
    static func save(_ change: (inout SavedWorkspaces) -> Void) throws(CommandError) {
        let path = SavedWorkspaces.path(environment: environment)
        var saved = try SavedWorkspaces.load(from: path)
        change(&saved)
        try saved.write(to: path)
    }

    func settings(agentSocket: String? = nil, isLoggingIn: Bool = false) throws(CommandError) -> ClientSettings {
        try ClientSettings(
            socket: socket,
            address: address,
            workspace: workspace,
            agentSocket: agentSocket,
            saved: Self.saved(),
            isLoggingIn: isLoggingIn,
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
    /// Lends a client of the server; `other` takes the place of the key that is set.
    func withServer<Result>(
        key other: SharedSecret? = nil,
        _ body: (APIClient) async throws -> Result
    ) async throws -> Result {
        try await APIClient.withClient(
            of: address,
            key: other ?? key,
            workspace: other == nil ? workspace : nil,
            certificates: certificates,
            userAgent: "attache/\(ProductVersion.text)",
            body
        )
    }
}

extension ServerAddress {
    /// The text that this address is read from again.
    var savedText: String {
        switch self {
        case .socket(let path): "unix://\(path)"
        case .url(let url): url
        }
    }
}
