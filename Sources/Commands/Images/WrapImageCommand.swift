// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Dispatch
internal import ImageArchive

struct WrapImageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wrap",
        abstract: "Make an image whose process gets its agent's values.",
        discussion: """
            Reads an archive of docker save, podman save or an OCI image, and writes one of the same kind with one layer \
            more, which holds attache-exec, and attache-exec in front of the entrypoint. The same image and the same \
            attache-exec give the same bytes. No value and no token goes into it: a container of it needs the agents' \
            socket and a gateway token.

            Examples:
              attache image wrap web.tar -o wrapped.tar --agent web --name web:attache
              docker load -i wrapped.tar
              docker run -v /run/attache/agents:/run/attache/agents:ro \\
                -v /etc/attache/tokens/web:/run/secrets/attache-token:ro web:attache
            """
    )

    @Argument(help: ArgumentHelp("The image, a tar archive.", valueName: "archive"), completion: .file())
    var input: String

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("The archive that is made.", valueName: "file"),
        completion: .file()
    )
    var output: String

    @Option(help: ArgumentHelp("Whose image it is; a label says so.", valueName: "name"), completion: .agentNames)
    var agent: String?

    @Option(
        help: ArgumentHelp("The name that the result is loaded by; that of the input unless told.", valueName: "name")
    )
    var name: String?

    @Option(help: ArgumentHelp("Where attache-exec asks, unless the container is told otherwise.", valueName: "url"))
    var address = "unix:///run/attache/agents/agent.sock"

    @Option(help: ArgumentHelp("Where a container has its gateway token.", valueName: "path"))
    var tokenFile = "/run/secrets/attache-token"

    @Option(help: ArgumentHelp("The program attache-exec; the one beside this program unless told.", valueName: "path"))
    var exec: String?

    @Flag(help: "Print one JSON document; errors as JSON on stderr.")
    var json = false

    func validate() throws {
        for text in [agent, name, address, tokenFile].compactMap(\.self)
        where text.isEmpty || text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            throw ValidationError("a name, an address or a path is empty or has a control character")
        }
    }

    func run() async throws {
        let wrapper: String
        if let exec {
            wrapper = exec
        } else {
            wrapper = try Wrapper.find(environment: ClientOptions.environment, address: address).path
        }
        let wrap = ImageWrap(wrapper: wrapper, agent: agent, address: address, tokenFile: tokenFile, name: name)
        let made = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try wrap.wrap(input, to: output) }) }
        }
        let report = Report(output: output, made)
        try StandardStream.output.write(json ? JSONDocument(report).text + "\n" : report.text)
    }

    private struct Report: Encodable {
        let output: String
        let format: String
        let id: String
        let layer: String
        let architecture: String
        let entrypoint: [String]

        init(output: String, _ made: ImageWrap.Result) {
            self.output = output
            format = made.format.rawValue
            id = made.id
            layer = made.layer
            architecture = made.architecture
            entrypoint = made.entrypoint
        }

        var text: String {
            var table = Table("FILE", "FORMAT", "IMAGE")
            table.add(output, format, id)
            return table.text
        }
    }
}
