// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser
internal import ContainerEdits

struct InstallEngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "install",
        abstract: "Make attache-hook known to an engine; what its file held is kept beside it.",
        discussion: """
            Writes the engine's own configuration, and what attache-hook has to know of this machine. Only containers \
            that name an agent are changed from then on. Nothing is restarted.

            Examples:
              attache engines install docker --dry-run
              attache engines install docker && systemctl reload docker
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var place: EnginePlaceOptions

    @Option(help: ArgumentHelp("The program attache-hook; beside this one unless told.", valueName: "path"))
    var hook: String?

    @Option(help: ArgumentHelp("The runtime that is really used: runc or crun in PATH unless told.", valueName: "path"))
    var runtime: String?

    @Option(help: ArgumentHelp("The file that attache-hook reads.", valueName: "file"))
    var settingsFile = HookSettings.defaultPath

    func run() async throws {
        let changes = try Self.install(
            EngineFiles(place.engine, file: place.engineFile, isDryRun: place.dryRun),
            for: client.settings(),
            hook: hook,
            runtime: runtime,
            settingsFile: settingsFile
        )
        let isChanged = changes.contains { $0.act != .none }
        let report = EngineChangeReport(
            engine: place.engine,
            dryRun: place.dryRun,
            changes: changes,
            next: isChanged ? place.engine.nextStep : nil
        )
        try client.show(report) { report.text + "then: \(place.engine.example)\n" }
    }

    /// Makes the programs of this installation known, with the sockets that this command line talks to.
    static func install(
        _ files: EngineFiles,
        for settings: ClientSettings,
        hook: String?,
        runtime: String?,
        settingsFile: String
    ) throws(CommandError) -> [EngineFileChange] {
        guard case .socket(let socket) = settings.address else {
            throw CommandError.usage("engines work with the server of this machine", hint: "leave --address out")
        }
        let programs = try EnginePrograms(hook: hook, environment: ClientOptions.environment)
        var hookSettings = HookSettings()
        hookSettings.socket = socket
        hookSettings.agentSocket = socketForContainers(settings.agentSocket)
        hookSettings.exec = programs.wrapper
        hookSettings.runtime = runtime
        return try files.install(hook: programs.hook, settings: hookSettings, at: settingsFile)
    }

    /// The same socket in the folder that containers see (`SocketFile.pathForContainers` of the server).
    static func socketForContainers(_ path: String) -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return (parts.dropLast() + ["agents"] + parts.suffix(1)).joined(separator: "/")
    }
}

struct RemoveEngineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Take out of an engine's configuration what install put in.",
        discussion: """
            Example:
              attache engines remove docker
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var place: EnginePlaceOptions

    func run() async throws {
        let changes = try EngineFiles(place.engine, file: place.engineFile, isDryRun: place.dryRun).remove()
        let isChanged = changes.contains { $0.act != .none }
        let report = EngineChangeReport(
            engine: place.engine,
            dryRun: place.dryRun,
            changes: changes,
            next: isChanged ? place.engine.nextStep : nil
        )
        try client.show(report) { report.text }
    }
}

/// Which engine, and which file of it.
struct EnginePlaceOptions: ParsableArguments {
    @Argument(help: "docker, podman or containerd.")
    var engine: Engine

    @Option(
        help: ArgumentHelp("The engine's configuration file; podman's is one of a hooks.d folder.", valueName: "file")
    )
    var engineFile: String?

    @Flag(help: "Say what would be done, and do nothing.")
    var dryRun = false
}
