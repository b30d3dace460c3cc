// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import Glibc

struct EnginesStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show which engines know attache-hook, and the containers that run as agents.",
        discussion: """
            Example:
              attache engines status
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let engines = Engine.allCases.map { EngineState($0) }
        let containers = try await client.withServer { try await $0.containers() }.containers
        let report = EnginesReport(engines: engines, containers: containers)
        try client.show(report) { report.text }
    }
}

/// Whether an engine's configuration names a program of ours.
struct EngineState: Encodable {
    let engine: Engine
    let file: String
    let installed: Bool
    let detail: String

    init(_ engine: Engine) {
        self.engine = engine
        file = engine.defaultFile
        do {
            let program = try EngineFiles(engine).installed()
            installed = program != nil
            detail =
                program.map { access($0, X_OK) == 0 ? $0 : "\($0) is not there" }
                ?? "attache engines install \(engine.rawValue)"
        } catch {
            installed = false
            detail = Failure(error).text
        }
    }
}

struct EnginesReport: Encodable {
    let engines: [EngineState]
    let containers: [ContainerBody]

    var text: String {
        var table = Table("ENGINE", "INSTALLED", "FILE", "PROGRAM")
        for state in engines {
            table.add(state.engine.rawValue, state.installed ? "yes" : "no", state.file, state.detail)
        }
        guard !containers.isEmpty else { return table.text + "\nno containers\n" }
        var running = Table("CONTAINER", "AGENT", "PID", "SINCE")
        for container in containers {
            running.add(
                String(container.id.prefix(12)),
                container.agent,
                String(container.pid),
                container.registeredAt.local
            )
        }
        return table.text + "\n" + running.text
    }
}
