// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import EnginePlugins

struct SystemdPluginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "systemd",
        abstract: "Give units their credentials: the socket of LoadCredential=.",
        discussion: """
            A unit with LoadCredential=NAME:/run/attache/credentials.sock gets the entry NAME that is attached to the \
            agent called as the unit; NAME may be written AGENT.NAME. A unit whose credential is refused does not start, \
            and the reason is on stderr. A socket that systemd hands over is used instead of --listen. Ends on SIGTERM.

            Example:
              attache plugin systemd --listen /run/attache/credentials.sock
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: ArgumentHelp("The socket, where systemd hands none over.", valueName: "path"))
    var listen = "/run/attache/credentials.sock"

    func run() async throws {
        let place = CredentialSocket.Place.inherited(environment: ClientOptions.environment) ?? .path(listen)
        let listening = Listening(listening: place == .path(listen) ? listen : "the socket of systemd")
        let text = client.json ? JSONDocument(listening).text : "listening on \(listening.listening.printable)"
        try await client.withServer { server in
            let socket = CredentialSocket(
                at: place,
                server: server,
                explain: ClientOptions.explain,
                report: ClientOptions.report
            ) {
                try? StandardStream.output.write(text + "\n", outlivesReader: true)
            }
            try await socket.serve()
        }
    }

    /// What is printed once connections are taken.
    private struct Listening: Encodable {
        let listening: String
    }
}
