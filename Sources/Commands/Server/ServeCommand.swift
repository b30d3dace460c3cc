// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ServerApp

/// `attache serve`.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            Example:
              attache serve --data /var/lib/attache --listen 127.0.0.1:8750

            The first start makes the data folder and the master key, says where they are, and shows the first workspace
            key once. Back the key file up apart from the data: without it the data cannot be opened. SIGTERM lets the
            requests in flight finish and ends with status 0; status 78 means that the configuration or the key cannot
            work. Every option is also a variable, such as ATTACHE_DATA, and a setting of the configuration file.
            """
    )

    @Option(help: "The folder of the database.") var data: String?
    @Option(help: "The TCP address, HOST:PORT, or off.") var listen: String?
    @Option(help: "The operator's socket.") var socket: String?
    @Option(help: "The socket that containers see.") var agentSocket: String?
    @Option(help: "The PEM file of the server's certificate chain.") var tlsCertificate: String?
    @Option(help: "The PEM file of its key.") var tlsKey: String?
    @Option(help: "The file of the master key.") var masterKeyFile: String?
    @Option(help: "The folder of the backups.") var backupsFolder: String?
    @Option(help: "Hours between backups, or off.") var backupsEvery: String?
    @Option(help: "How many backups are kept, or all.") var backupsKeep: String?
    @Option(name: .customLong("agent-url"), help: "Where agents reach the proxy, such as http://10.0.0.1:8750.")
    var agentURL: String?
    @Option(help: "Blocks of addresses that the proxy may dial although they are not public.") var proxyAllow: String?
    @Option(help: "A PEM file of certificates that the proxy trusts beside the system's.") var proxyTrust: String?
    @Option(name: .customLong("config"), help: "The configuration file, JSON.") var configurationFile: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical.") var logLevel: String?
    @Flag(help: "Print errors as JSON.") var json = false

    func run() async throws {
        var options = ServeOptions()
        options.data = data
        options.listen = listen
        options.socket = socket
        options.agentSocket = agentSocket
        options.tlsCertificate = tlsCertificate
        options.tlsKey = tlsKey
        options.masterKeyFile = masterKeyFile
        options.backupsFolder = backupsFolder
        options.backupsEvery = backupsEvery
        options.backupsKeep = backupsKeep
        options.agentURL = agentURL
        options.proxyAllow = proxyAllow
        options.proxyTrust = proxyTrust
        options.configurationFile = configurationFile
        options.logLevel = logLevel
        do {
            try await Server.run(options, version: ProductVersion.text) { line in
                // The server goes on when whoever read this has gone.
                try? StandardStream.output.write(line + "\n", outlivesReader: true)
            }
        } catch {
            throw error.isConfiguration
                ? CommandError.serverConfiguration(error.text, hint: error.hint)
                : CommandError.serverFailed(error.text, hint: error.hint)
        }
    }
}
