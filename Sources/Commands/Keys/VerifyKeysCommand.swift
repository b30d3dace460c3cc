// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct VerifyKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Open every record and verify every code and audit trail.",
        discussion: """
            Exit status: 0 intact, 1 not.

            Example:
              attache keys verify
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let found = try await client.withServer { try await $0.verifyVault() }
        try client.show(found) { found.text }
        guard found.intact else { throw CommandError.vaultDamaged(rows: Int64(found.problems.count)) }
    }
}

extension VerificationBody {
    var text: String {
        var fields = FieldList()
        fields.add("intact", intact ? "yes" : "no")
        fields.add("rows", String(rows))
        fields.add("records", String(records))
        fields.add("audit entries", "\(auditEntries) in \(chains) \(chains == 1 ? "trail" : "trails")")
        fields.add("took", "\(milliseconds) ms")
        for problem in problems { fields.add("problem", problem) }
        return fields.text
    }
}
