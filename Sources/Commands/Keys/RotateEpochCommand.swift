// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct RotateEpochCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-epoch",
        abstract: "Seal everything under a new epoch key, while the server works.",
        discussion: """
            Ends when everything has been sealed anew and verified, and the old epoch is retired. The server carries on \
            when this command is stopped, and after a restart. Where rows are damaged the old epoch stays readable: see \
            attache keys verify, mend or delete what it names, and run this again.

            Exit status: 0 done, 1 rows are damaged.

            Example:
              attache keys rotate-epoch
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var waiting: RotationWaiting

    func run() async throws {
        try await waiting.rotate(RotateKeysBody(kind: "epoch"), client)
    }
}

struct RotateUserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-user",
        abstract: "Give one user new keys and seal the user's entries anew.",
        discussion: """
            Exit status: 0 done, 1 rows are damaged.

            Example:
              attache keys rotate-user alice
            """
    )

    @OptionGroup var client: ClientOptions
    @OptionGroup var waiting: RotationWaiting

    @Argument(help: "The user's name or id.")
    var user: String

    func run() async throws {
        try await waiting.rotate(RotateKeysBody(kind: "user", user: user), client)
    }
}

/// Begins a rotation and follows it to its end.
struct RotationWaiting: ParsableArguments {
    @Flag(help: "Return as soon as the rotation has begun.")
    var noWait = false

    func rotate(_ body: RotateKeysBody, _ client: ClientOptions) async throws {
        let last = try await client.withServer { server in
            var rotation = try await server.beginRotation(body)
            var told = ""
            while !noWait, rotation.endedAt == nil {
                try await Task.sleep(for: .milliseconds(500))
                guard let current = try await server.keys().rotation, current.id == rotation.id else { break }
                rotation = current
                guard rotation.progress != told else { continue }
                told = rotation.progress
                client.note(told)
            }
            return rotation
        }
        try client.show(last) { last.progress + "\n" }
        guard last.phase != "incomplete" else { throw CommandError.vaultDamaged(rows: last.damaged) }
    }
}
