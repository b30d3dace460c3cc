// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import ContainerEdits
internal import EngineClient
internal import VaultModel

struct RestartContainersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restart an agent's containers through their engines, so that they take the current values.",
        discussion: """
            For containers whose process nobody supervises; attache agents restart reaches the others. They are the \
            ones whose starts the server knows by their containers, and those with the label io.attache.agent=NAME, \
            as wrapped images have. A container that does not come back on current values ends the roll: those after \
            it are left as they are.

            Exit status: 0 where every container is back on current values, 1 otherwise.

            Example:
              attache engines restart web --max-unavailable 2
            """
    )

    private static let pace = Duration.milliseconds(200)
    /// What ends sooner has not come back: a wrapper that refuses what it was given, a command that cannot start.
    private static let steady = Duration.seconds(1)

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.", completion: .agentNames)
    var agent: String

    @Option(help: ArgumentHelp("So many are down at one time.", valueName: "n"))
    var maxUnavailable = 1

    @Option(help: ArgumentHelp("How long a process may take to end by itself.", valueName: "seconds"))
    var grace = 10

    @Option(help: ArgumentHelp("Give a container up that is not back after so long.", valueName: "seconds"))
    var timeout = 60

    @Option(
        help: ArgumentHelp("An engine's API; docker's and podman's own unless told. Repeatable.", valueName: "path")
    )
    var engineSocket: [String] = []

    func validate() throws {
        guard (1...1_000).contains(maxUnavailable) else { throw ValidationError("--max-unavailable takes 1 to 1000") }
        guard (0...3_600).contains(grace) else { throw ValidationError("--grace takes 0 to 3600 seconds") }
        guard (1...3_600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 3600 seconds") }
    }

    func run() async throws {
        let report = try await client.withServer { server in
            let name = try await server.agent(agent).name
            return try await EngineClient.withClients(
                of: engineSocket.isEmpty ? EngineClient.defaultSockets : engineSocket
            ) { engines in
                var done: [RestartedContainer] = []
                var rest = try await containers(of: name, on: engines, server)[...]
                while !rest.isEmpty, done.allSatisfy({ $0.state == .synced }) {
                    done += await restart(Array(rest.prefix(maxUnavailable)), on: engines, server)
                    rest = rest.dropFirst(maxUnavailable)
                }
                done += rest.map { RestartedContainer($0, .notTried) }
                return ContainerRestartReport(agent: name, containers: done)
            }
        }
        try client.show(report) { report.text }
        guard report.containers.allSatisfy({ $0.state == .synced }) else { throw ExitStatus.failed.exit }
    }

    /// The containers of the agent that nobody supervises: those that the server knows, and those whose label names it.
    private func containers(
        of name: String,
        on engines: [EngineClient],
        _ server: APIClient
    ) async throws -> [AgentContainer] {
        let live = try await Self.instances(of: agent, on: server).filter { $0.endedAt == nil }
        var found = live.compactMap { instance in
            instance.container.map { AgentContainer(id: $0, instance: instance, replica: nil) }
        }
        for engine in engines {
            for id in await engine.containers(labelled: ContainerNaming.agentAnnotation, name)
            where !found.contains(where: { $0.id == id }) {
                let replica = await engine.replica(of: id)
                let instance = live.first { $0.container == nil && $0.replica == replica }
                found.append(AgentContainer(id: id, instance: instance, replica: replica))
            }
        }
        return found.filter { $0.instance?.supervised != true }
    }

    /// Restarts some at once and waits for all of them.
    private func restart(
        _ containers: [AgentContainer],
        on engines: [EngineClient],
        _ server: APIClient
    ) async -> [RestartedContainer] {
        await withTaskGroup(of: RestartedContainer.self) { group in
            for container in containers { group.addTask { await restart(container, on: engines, server) } }
            var done: [RestartedContainer] = []
            for await container in group {
                client.note("\(container.id.prefix(12)): \(container.words)")
                done.append(container)
            }
            return done.sorted { $0.id < $1.id }
        }
    }

    private func restart(
        _ container: AgentContainer,
        on engines: [EngineClient],
        _ server: APIClient
    ) async -> RestartedContainer {
        var owner: EngineClient?
        for engine in engines where owner == nil { if await engine.has(container.id) { owner = engine } }
        guard let owner else { return RestartedContainer(container, .noEngine) }
        do {
            let before = Set(try await Self.instances(of: agent, on: server).map(\.id))
            try await owner.restart(container.id, grace: .seconds(grace))
            let deadline = ContinuousClock.now + .seconds(timeout)
            var found: (id: String, at: ContinuousClock.Instant)?
            while ContinuousClock.now < deadline {
                // A start that has taken the place of the one before, and stays.
                let next = try await Self.instances(of: agent, on: server).first {
                    $0.endedAt == nil && !before.contains($0.id) && container.holds($0)
                }
                if let next, let found, found.id == next.id, ContinuousClock.now - found.at >= Self.steady {
                    let isCurrent = try await Self.isCurrent(next, on: server, of: agent)
                    return RestartedContainer(container, isCurrent ? .synced : .stale, engine: owner.socket)
                }
                if next?.id != found?.id { found = next.map { ($0.id, .now) } }
                try await Task.sleep(for: Self.pace)
            }
            return RestartedContainer(container, .notBack, engine: owner.socket)
        } catch let EngineError.refused(text) {
            return RestartedContainer(container, .failed, engine: owner.socket, reason: text)
        } catch {
            return RestartedContainer(container, .failed, engine: owner.socket, reason: "it cannot be reached")
        }
    }

    /// The agent's newest starts.
    private static func instances(of agent: String, on server: APIClient) async throws -> [InstanceBody] {
        try await server.instances(of: agent, limit: APIClient.maximumPageSize, cursor: nil).instances
    }

    /// Whether an instance was given the versions that are current, and all of them.
    private static func isCurrent(
        _ instance: InstanceBody,
        on server: APIClient,
        of agent: String
    ) async throws -> Bool {
        let attached = try await server.agent(agent).secrets ?? []
        let current = attached.filter { $0.delivery == .environment && $0.attachedAt != nil }
        return Set(current.map { "\($0.id) \($0.version)" })
            == Set(instance.receipt.map { "\($0.secretId) \($0.version)" })
    }
}

/// A container whose process is an agent's.
private struct AgentContainer: Sendable {
    /// The engine's id of it.
    let id: String
    /// The start that runs in it, where the server knows of one.
    let instance: InstanceBody?
    /// What its starts are called, where they show a token instead of being known by the container.
    let replica: String?

    func holds(_ start: InstanceBody) -> Bool {
        start.container == id || start.container == nil && replica != nil && start.replica == replica
    }
}

/// What became of one container.
struct RestartedContainer: Encodable, Sendable {
    enum State: String, Encodable, Sendable {
        case synced, stale, failed
        case notBack = "not_back"
        case noEngine = "no_engine"
        case notTried = "not_tried"
    }

    /// The engine's id of it.
    let id: String
    let state: State
    /// The socket of the engine that has it.
    let engine: String?
    /// In the engine's words.
    let reason: String?

    fileprivate init(_ container: AgentContainer, _ state: State, engine: String? = nil, reason: String? = nil) {
        id = container.id
        self.state = state
        self.engine = engine
        self.reason = reason
    }

    var words: String {
        switch state {
        case .synced: "runs again on current values"
        case .stale: "runs again, on values that have changed since"
        case .failed: "was not restarted: \(reason ?? "")"
        case .notBack: "has not come back in time"
        case .noEngine: "no engine that could be asked has it; see --engine-socket"
        case .notTried: "was left as it is"
        }
    }
}

struct ContainerRestartReport: Encodable {
    let agent: String
    let containers: [RestartedContainer]

    var text: String {
        guard !containers.isEmpty else { return "no containers\n" }
        var table = Table("CONTAINER", "RESULT")
        for container in containers { table.add(String(container.id.prefix(12)), container.words) }
        return table.text
    }
}
