// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct RestartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Ask an agent's supervised instances to restart, so that they take the current values.",
        discussion: """
            Reaches what runs under attache-exec --supervise; other instances are listed, and left alone. Containers \
            that nobody supervises are restarted by attache engines restart.

            An instance that cannot be reached now is told when it comes back.

            Example:
              attache agents restart bot --wait
            """
    )

    /// How often the progress is asked for.
    private static let pace = Duration.milliseconds(300)

    @OptionGroup var client: ClientOptions

    @Argument(help: "The agent's name or id.")
    var agent: String

    @Flag(help: "Wait until they are back, and print what becomes of each.")
    var wait = false

    @Option(help: ArgumentHelp("With --wait: give up after this many seconds.", valueName: "seconds"))
    var timeout = 60

    func validate() throws {
        guard (1...3_600).contains(timeout) else { throw ValidationError("--timeout takes 1 to 3600 seconds") }
    }

    func run() async throws {
        let last = try await client.withServer { server in
            var progress = try await server.restartGateway(of: agent)
            guard wait else { return progress }
            var shown: [String: RestartState] = [:]
            let deadline = ContinuousClock.now + .seconds(timeout)
            while true {
                for instance in progress.instances where shown[instance.id] != instance.state {
                    shown[instance.id] = instance.state
                    client.note("\(instance.replica.printable): \(instance.state.words)")
                }
                let isDone = !progress.instances.contains { $0.state == .told }
                guard !isDone, ContinuousClock.now < deadline else { return progress }
                try await Task.sleep(for: Self.pace)
                progress = try await server.restartProgress(of: agent)
            }
        }
        try client.show(last) { "\(last.summary(of: agent, hasWaited: wait))\n" }
        if wait, last.synced < last.told { throw CommandError.restartIncomplete(synced: last.synced, told: last.told) }
    }
}

extension RestartState {
    fileprivate var words: String {
        switch self {
        case .told: "told to restart"
        case .synced: "runs again on current values"
        case .stale: "runs again, on values that have changed since"
        case .lost: "cannot be reached; it is told when it comes back"
        case .ended: "has ended"
        case .notSupervised: "is not supervised; restart it where it runs, a container by attache engines restart"
        }
    }
}

extension RestartBody {
    fileprivate func summary(of agent: String, hasWaited: Bool) -> String {
        let others = instances.count - told
        let rest = others == 0 ? "" : "; not supervised: \(others)"
        guard hasWaited else { return "told \(told) of \(agent.printable)\(rest)" }
        return "restarted \(synced) of \(told) of \(agent.printable)\(rest)"
    }
}
