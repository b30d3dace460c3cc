// SPDX-License-Identifier: Apache-2.0

import Commands
import Testing

struct ContainerSetupTests {
    private func setup(_ engine: Engine, isInstalled: Bool = false, agent: String = "web") -> ContainerSetup {
        ContainerSetup(
            engine: engine,
            agent: agent,
            image: "nginx:1",
            secrets: ["A", "B"],
            isInstalled: isInstalled,
            present: nil,
            runtime: "/usr/local/bin/attache-runtime"
        )
    }

    @Test(arguments: [
        (Engine.docker, "docker run --detach --runtime attache --env ATTACHE_AGENT=web nginx:1"),
        (.podman, "podman run --detach --annotation io.attache.agent=web nginx:1"),
        (
            .containerd,
            "ctr run --detach --runc-binary /usr/local/bin/attache-runtime --annotation io.attache.agent=web nginx:1 web"
        ),
    ])
    func eachEngineIsToldOfTheAgentInItsOwnWay(engine: Engine, command: String) {
        #expect(setup(engine).steps.map(\.command).contains(command))
    }

    @Test func whatIsThereIsNotDoneAgain() {
        let steps = setup(.docker, isInstalled: true).steps
        #expect(steps.first?.state == .done)
        #expect(!steps.contains { $0.command == "systemctl reload docker" })
        #expect(setup(.docker).steps.contains { $0.command == "systemctl reload docker" && $0.state == .yours })
    }

    @Test func aNameThatMeansSomethingToAShellIsQuoted() {
        let commands = setup(.podman, agent: "it's $HOME").steps.map(\.command)
        #expect(commands.contains(#"attache agents create 'it'\''s $HOME' --secret A --secret B"#))
        #expect(commands.contains(#"podman run --detach --annotation 'io.attache.agent=it'\''s $HOME' nginx:1"#))
    }
}
