// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct AuditCheckpointCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checkpoint",
        abstract: "Sign where the trail is now, and print it.",
        discussion: """
            Keep the line where nobody who can write to the database can change it; attache audit verify --anchor holds \
            the trail against it. The server signs a checkpoint by itself, at most a minute after an entry, and writes \
            it to its log.

            Example:
              attache audit checkpoint >> /mnt/elsewhere/anchors.txt
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var chain: AuditChainOptions

    func run() async throws {
        let made = try await client.withServer { try await $0.makeAuditCheckpoint(ofSystem: chain.system) }
        try client.show(made) { "\(made.text)\n" }
    }
}
