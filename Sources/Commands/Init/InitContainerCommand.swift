// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import ContainerEdits
internal import Glibc

struct InitContainerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "container",
        abstract: "Say, or do, what it takes for a container to get its agent's values.",
        discussion: """
            Asks at a terminal for what the options leave open: the engine, the agent and the image. What it prints can be \
            pasted line by line. With --apply, or after a yes, it does what is Attaché's: the engine's configuration, with \
            a copy of what it was, and the agent. It starts and restarts nothing.

            Examples:
              attache init container
              attache init container --engine docker --agent web --image nginx --secret DATABASE_URL --apply
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: "docker, podman or containerd.")
    var engine: Engine?

    @Option(help: ArgumentHelp("The agent's name.", valueName: "name"), completion: .agentNames)
    var agent: String?

    @Option(help: ArgumentHelp("The image that is to be run.", valueName: "image"))
    var image: String?

    @Option(name: .customLong("secret"), help: ArgumentHelp("Attach this entry; may be repeated.", valueName: "name"))
    var secrets: [String] = []

    @Flag(help: "Do it, and do not ask.")
    var apply = false

    @Option(help: ArgumentHelp("The engine's configuration file; its own unless told.", valueName: "file"))
    var engineFile: String?

    @Option(help: ArgumentHelp("The program attache-hook; beside this one unless told.", valueName: "path"))
    var hook: String?

    @Option(help: ArgumentHelp("The file that attache-hook reads.", valueName: "file"))
    var settingsFile = HookSettings.defaultPath

    func run() async throws {
        let isAsking = !client.json && isatty(STDIN_FILENO) == 1
        let engines = "engine (docker, podman, containerd)"
        let engine = try answer(engine, engines, "--engine", isAsking) { Engine(rawValue: $0) }
        let agent = try answer(agent, "agent", "--agent", isAsking) { $0.isEmpty ? nil : $0 }
        let image = try answer(image, "image", "--image", isAsking) { $0.isEmpty ? nil : $0 }
        guard !agent.isEmpty, !image.isEmpty, !image.hasPrefix("-") else {
            throw CommandError.usage("an agent and an image have a name, and an image's does not begin with -")
        }
        let settings = try client.settings()
        let isInstalled = try install(engine, for: settings, isDryRun: true).allSatisfy { $0.act == .none }
        let hookPath = try EnginePrograms(hook: hook, environment: ClientOptions.environment).hook
        var setup = try await settings.withServer { server in
            try await server.requireSecrets(secrets)
            return ContainerSetup(
                engine: engine,
                agent: agent,
                image: image,
                secrets: secrets,
                isInstalled: isInstalled,
                present: try await server.agentIfPresent(agent),
                runtime: hookPath.replacing("attache-hook", with: "attache-runtime")
            )
        }
        if setup.steps.contains(where: { $0.state == .ours }), try isWanted(setup, isAsking) {
            try await carryOut(agent, settings)
            _ = try install(engine, for: settings, isDryRun: false)
            setup.markApplied()
        }
        let shown = setup
        try client.show(shown) { shown.text }
    }

    /// Whether what is Attaché's is to be done.
    private func isWanted(_ setup: ContainerSetup, _ isAsking: Bool) throws(CommandError) -> Bool {
        guard !apply, isAsking else { return apply }
        StandardStream.error.tell(setup.text + "do what is Attaché's of this? [y/N] ")
        return readLine(strippingNewline: true)?.lowercased().hasPrefix("y") == true
    }

    /// What was given, or what is typed when it is asked for.
    private func answer<Answer>(
        _ given: Answer?,
        _ text: String,
        _ option: String,
        _ isAsking: Bool,
        _ read: (String) -> Answer?
    ) throws(CommandError) -> Answer {
        if let given { return given }
        guard isAsking else { throw .usage("\(option) is missing", hint: "or run it at a terminal, where it asks") }
        while true {
            StandardStream.error.tell("\(text): ")
            guard let line = readLine(strippingNewline: true) else { throw .cancelled }
            if let answer = read(String(line.drop { $0 == " " })) { return answer }
        }
    }

    private func install(
        _ engine: Engine,
        for settings: ClientSettings,
        isDryRun: Bool
    ) throws(CommandError) -> [EngineFileChange] {
        try InstallEngineCommand.install(
            EngineFiles(engine, file: engineFile, isDryRun: isDryRun),
            for: settings,
            hook: hook,
            runtime: nil,
            settingsFile: settingsFile
        )
    }

    /// Makes the agent, or attaches what it lacks; before anything of the engine, since it may be refused.
    private func carryOut(_ agent: String, _ settings: ClientSettings) async throws {
        try await settings.withServer { server in
            guard let found = try await server.agentIfPresent(agent) else {
                let names = secrets.isEmpty ? nil : secrets
                _ = try await server.createAgent(CreateAgentBody(name: agent, secretIds: names))
                return
            }
            let lacking = ContainerSetup.lacking(secrets, of: found)
            if !lacking.isEmpty { _ = try await server.attach(AttachBody(secretIds: lacking), to: agent) }
        }
    }
}
