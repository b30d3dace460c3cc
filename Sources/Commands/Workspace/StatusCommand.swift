// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show the workspace, the server, and which agents need a restart.",
        discussion: """
            Example:
              attache status
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let status = try await client.withServer { try await $0.status() }
        try client.show(status) {
            var fields = FieldList()
            fields.add("workspace", "\(status.workspace.name) (\(status.workspace.id))")
            fields.add("your role", status.role.rawValue)
            fields.add("entries", String(status.secrets))
            fields.add(status.workspace.plan, status.workspace.usage, status.workspace.limits)
            fields.add("attachments", String(status.attachments))
            fields.add("live instances", String(status.liveInstances))
            fields.add("need a restart", status.staleAgents.isEmpty ? "none" : status.staleAgents.listed)
            for entry in status.expiring {
                fields.add(
                    entry.expiry == .expired ? "expired" : "expires \(entry.expiry.words)",
                    "\(entry.name), \(entry.expiresAt.local)"
                )
            }
            fields.add("server", "\(status.server.version), \(status.server.storage)")
            fields.add("master key", "\(status.server.masterKeyId), epoch \(status.server.activeEpoch)")
            return fields.text
        }
    }
}
