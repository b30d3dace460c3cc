// SPDX-License-Identifier: Apache-2.0

package import APITypes

/// What there is to do for a container of an image to get an agent's values.
package struct ContainerSetup: Encodable, Equatable, Sendable {
    package struct Step: Encodable, Equatable, Sendable {
        package enum State: String, Encodable, Sendable {
            /// There was nothing to do.
            case done
            /// This command does it, or has done it.
            case ours, applied
            /// It is the operator's.
            case yours
        }

        package let what: String
        package let command: String
        package var state: State

        package init(_ what: String, _ command: String, _ state: State) {
            self.what = what
            self.command = command
            self.state = state
        }
    }

    package let engine: Engine
    package let agent: String
    package let image: String
    package var steps: [Step]

    /// `present` is the agent where it exists; `runtime` is the path of attache-runtime, which ctr has to be told.
    package init(
        engine: Engine,
        agent: String,
        image: String,
        secrets: [String],
        isInstalled: Bool,
        present: AgentBody?,
        runtime: String
    ) {
        self.engine = engine
        self.agent = agent
        self.image = image
        let name = shellWord(agent)
        var steps = [
            Step(
                "let \(engine.rawValue) know of Attaché",
                "attache engines install \(engine.rawValue)",
                isInstalled ? .done : .ours
            )
        ]
        if !isInstalled, let next = engine.nextStep {
            steps.append(Step("let \(engine.rawValue) read that", next, .yours))
        }
        let lacking = Self.lacking(secrets, of: present)
        if present == nil {
            let options = secrets.map { " --secret \(shellWord($0))" }.joined()
            steps.append(Step("make the agent", "attache agents create \(name)\(options)", .ours))
        } else if lacking.isEmpty {
            steps.append(Step("make the agent", "attache agents create \(name)", .done))
        } else {
            let names = lacking.map { " \(shellWord($0))" }.joined()
            steps.append(Step("attach what it lacks", "attache agents attach \(name)\(names)", .ours))
        }
        steps.append(Step("start it", Self.start(engine, name: agent, image: image, runtime: runtime), .yours))
        steps.append(Step("see what it got", "attache agents show \(name)", .yours))
        self.steps = steps
    }

    /// Says of what this command does that it is done.
    package mutating func markApplied() {
        for index in steps.indices where steps[index].state == .ours { steps[index].state = .applied }
    }

    /// Which of the entries, by name or id, the agent does not have.
    package static func lacking(_ secrets: [String], of agent: AgentBody?) -> [String] {
        let attached = Set((agent?.secrets ?? []).filter { $0.attachedAt != nil }.flatMap { [$0.id, $0.name] })
        return secrets.filter { !attached.contains($0) }
    }

    /// The command line of a container that names its agent.
    private static func start(_ engine: Engine, name: String, image: String, runtime: String) -> String {
        let annotation = shellWord("io.attache.agent=\(name)")
        return switch engine {
        case .docker:
            "docker run --detach --runtime attache --env \(shellWord("ATTACHE_AGENT=\(name)")) \(shellWord(image))"
        case .podman: "podman run --detach --annotation \(annotation) \(shellWord(image))"
        case .containerd:
            "ctr run --detach --runc-binary \(shellWord(runtime)) --annotation \(annotation) \(shellWord(image)) "
                + shellWord(name)
        }
    }

    var text: String {
        var lines = ""
        for (number, step) in steps.enumerated() {
            let state =
                switch step.state {
                case .done: " (it is so already)"
                case .applied: " (done)"
                case .ours, .yours: ""
                }
            lines += "\(number + 1). \(step.what)\(state)\n     \(step.command.printable)\n"
        }
        return lines
    }
}

/// A word as a shell takes it (sh(1), quoting): as it is where nothing in it means anything to a shell.
package func shellWord(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_./:=@%+,".utf8.contains(byte)
        }
    }
    return isPlain && !text.isEmpty ? text : "'\(text.replacing("'", with: #"'\''"#))'"
}
