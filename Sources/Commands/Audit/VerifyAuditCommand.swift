// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct VerifyAuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no entry of the trail was changed, added, moved or taken out.",
        discussion: """
            Exit status: 0 intact, 1 not.

            Example:
              attache audit verify
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let result = try await client.withServer { try await $0.verifyAudit() }
        try client.show(result) {
            var fields = FieldList()
            fields.add("intact", result.intact ? "yes" : "no")
            fields.add("problem", result.problem)
            fields.add("entries", String(result.entries))
            fields.add("head", result.head)
            return fields.text
        }
        guard result.intact else { throw CommandError.auditDamaged }
    }
}
