// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct ShowCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a credential, without its value.",
        discussion: """
            Example:
              attache credentials show Anthropic
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The credential's name or id.")
    var name: String

    func run() async throws {
        let body = try await client.withServer { try await $0.credential(name) }
        try client.show(body) { body.text }
    }
}

extension CredentialBody {
    var text: String {
        var lines = [
            ("name", name.printable), ("id", id), ("type", type.rawValue), ("version", String(version)),
            ("value", shownValue), ("variable", environmentName),
        ]
        if let provider { lines += [("provider", provider), ("priority", String(rotationPriority))] }
        if let header { lines.append(("header", "\(header): \(prefix ?? "")…")) }
        if let parameter { lines.append(("parameter", parameter)) }
        lines += hosts.isEmpty ? [("host", "(nowhere)")] : hosts.map { ("host", $0.printable) }
        if let response { lines.append(("response", response.rawValue)) }
        if !note.isEmpty { lines.append(("note", note.printable)) }
        if let expiresAt { lines.append(("expires", expiresAt.local)) }
        lines.append(("agents", String(agents)))
        return lines.map { "\($0.0)\(String(repeating: " ", count: 11 - $0.0.count))\($0.1)\n" }.joined()
    }
}
