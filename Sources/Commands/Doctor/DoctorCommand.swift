// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser
internal import Glibc

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this machine, the server and the vault, and say what to do.",
        discussion: """
            Exit status: 0 where nothing failed (warnings count as nothing), 1 otherwise.

            Example:
              attache doctor
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let settings = try client.settings()
        let local = LocalChecks(settings: settings, environment: ClientOptions.environment, userID: geteuid()).all
        let server = try await settings.withServer { await ServerChecks($0).all() }
        let diagnosis = Diagnosis(local + server)
        try client.show(diagnosis) { diagnosis.text }
        guard diagnosis.ok else { throw ExitStatus.failed.exit }
    }
}
