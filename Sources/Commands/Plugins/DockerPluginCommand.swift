// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import EnginePlugins

struct DockerPluginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "docker",
        abstract: "Be a plugin of docker: secrets of Swarm, volumes of values, and a policy.",
        discussion: """
            docker finds the socket by its name and calls when it is asked for a secret or a volume of the driver attache. \
            What goes wrong is on stderr too. For the policy docker has to be told: "authorization-plugins": ["attache"] in \
            its daemon.json. Ends on SIGTERM; what is mounted stays.

            Examples:
              attache plugin docker
              attache plugin docker --refuse-secrets --require-runtime attache
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: ArgumentHelp("The socket, in the folder where docker looks.", valueName: "path"))
    var listen = "/run/docker/plugins/attache.sock"

    @Option(
        help: ArgumentHelp("The folder in which volumes are mounted, each in memory of its own.", valueName: "folder")
    )
    var volumes = "/run/attache-volumes"

    @Option(help: ArgumentHelp("The file that keeps which volumes there are, without their values.", valueName: "file"))
    var volumeList = "/var/lib/attache/docker-volumes.json"

    @Flag(help: "As a policy, refuse containers with a variable that looks like a secret.")
    var refuseSecrets = false

    @Option(help: ArgumentHelp("As a policy, refuse containers with another runtime.", valueName: "runtime"))
    var requireRuntime: String?

    func run() async throws {
        guard volumes.hasPrefix("/"), volumeList.hasPrefix("/") else {
            throw CommandError.usage("--volumes and --volume-list take absolute paths")
        }
        let listening = Listening(listening: listen)
        let text = client.json ? JSONDocument(listening).text : "listening on \(listen.printable)"
        let policy = ContainerPolicy(refusesSecrets: refuseSecrets, runtime: requireRuntime)
        try await client.withServer { server in
            let plugin = DockerPlugin(
                at: listen,
                server: server,
                volumes: try SecretVolumes(
                    folder: volumes,
                    file: volumeList,
                    server: server,
                    explain: ClientOptions.explain
                ),
                policy: policy,
                explain: ClientOptions.explain,
                report: ClientOptions.report
            ) {
                try? StandardStream.output.write(text + "\n", outlivesReader: true)
            }
            try await plugin.serve()
        }
    }

    /// What is printed once calls are taken.
    private struct Listening: Encodable {
        let listening: String
    }
}
