// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import ContainerEdits

struct CDICommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cdi",
        abstract: "Write a device of the Container Device Interface for each agent.",
        discussion: """
            A container that asks for the device gets the wrapper and the agents' socket, and runs as the agent where \
            its entrypoint is the wrapper. Write it again when agents were made or removed, and after a reboot.

            Example:
              attache engines cdi
              podman run --device attache.dev/agent=web --entrypoint '["/.attache/attache-exec","--"]' IMAGE COMMAND
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: ArgumentHelp("The folder of specifications.", valueName: "folder"))
    var folder = "/var/run/cdi"

    @Option(help: ArgumentHelp("The program attache-hook; beside this one unless told.", valueName: "path"))
    var hook: String?

    @Option(help: ArgumentHelp("The file that attache-hook reads.", valueName: "file"))
    var settingsFile = HookSettings.defaultPath

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false

    func run() async throws {
        let settings = try client.settings()
        guard case .socket(let socket) = settings.address else {
            throw CommandError.usage("engines work with the server of this machine", hint: "leave --address out")
        }
        let programs = try EnginePrograms(hook: hook, environment: ClientOptions.environment)
        let agents = try await settings.withServer { server in
            var agents: [AgentBody] = []
            var cursor: String?
            repeat {
                let page = try await server.agents(limit: APIClient.maximumPageSize, cursor: cursor)
                agents += page.agents
                cursor = page.nextCursor
            } while cursor != nil
            return agents
        }
        let places = HostPlaces(
            wrapper: programs.wrapper,
            agentSocket: InstallEngineCommand.socketForContainers(settings.agentSocket),
            operatorSocket: socket,
            hook: programs.hook,
            hookArguments: settingsFile == HookSettings.defaultPath ? [] : ["--config", settingsFile]
        )
        let devices = agents.map { CDISpecification.Device(agent: $0.name, id: $0.id) }
        let path = "\(folder)/\(CDISpecification.fileName)"
        let text: [UInt8]
        do {
            text = try CDISpecification.text(devices, workspace: settings.workspace, places: places)
        } catch {
            throw CommandError.engineFile(path: path, reason: error.text)
        }
        let change = try EngineFiles.write(text, to: path, isDryRun: dryRun)
        let report = CDIReport(
            dryRun: dryRun,
            change: change,
            devices: devices.map { "\(CDISpecification.kind)=\($0.name)" }
        )
        try client.show(report) { report.text }
    }
}

/// The file of devices, and what is in it.
private struct CDIReport: Encodable {
    let dryRun: Bool
    let change: EngineFileChange
    let devices: [String]

    var text: String {
        var table = Table("FILE", dryRun ? "WOULD" : "DONE")
        table.add(change.path, change.act.rawValue)
        return table.text + devices.map { "\($0.printable)\n" }.joined()
    }
}
