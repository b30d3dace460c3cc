// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct APIKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "api-keys",
        abstract: "Keys with which programs use this API.",
        discussion: """
            Example:
              attache api-keys create --name deploy --role member --expires 90d
            """,
        subcommands: [
            ListAPIKeysCommand.self, CreateAPIKeyCommand.self, RotateAPIKeyCommand.self,
            RevokeAPIKeyCommand.self,
        ]
    )
}

struct ListAPIKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List keys, oldest first.",
        discussion: """
            Example:
              attache api-keys list
            """
    )

    @OptionGroup var client: ClientOptions

    func run() async throws {
        let list = try await client.withServer { try await $0.apiKeys() }
        try client.show(list) {
            guard !list.apiKeys.isEmpty else { return "no keys\n" }
            var table = Table("NAME", "ROLE", "ENDS IN", "LAST USED", "EXPIRES", "REVOKED", "ID")
            for key in list.apiKeys {
                table.add(
                    key.name,
                    key.role.rawValue,
                    key.hint,
                    key.lastUsedAt?.local ?? "-",
                    key.expiresAt?.local ?? "-",
                    key.revokedAt?.local ?? "-",
                    key.id
                )
            }
            return table.text
        }
    }
}

struct CreateAPIKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a key, which is shown once.",
        discussion: """
            Example:
              attache api-keys create --name deploy --role member --expires 90d
            """
    )

    @OptionGroup var client: ClientOptions

    @Option(help: ArgumentHelp("What people know it by.", valueName: "name"))
    var name: String

    @Option(help: "What it may do; at most what you may.")
    var role: Role?

    @Option(help: ArgumentHelp("When it expires: 2027-01-31T00:00:00Z, or 90d from now.", valueName: "time"))
    var expires: Moment?

    @Option(
        help: ArgumentHelp("Accept it from this network only, such as 192.0.2.0/24; repeatable.", valueName: "network")
    )
    var network: [String] = []

    func run() async throws {
        let body = CreateAPIKeyBody(
            name: name,
            role: role,
            expiresAt: expires?.time(now: SystemWallClock().now),
            networks: network.isEmpty ? nil : network
        )
        let key = try await client.withServer { try await $0.createAPIKey(body) }
        try client.show(key) {
            var fields = FieldList()
            fields.add("name", key.name)
            fields.add("id", key.id)
            fields.add("role", key.role.rawValue)
            fields.add("expires", key.expiresAt?.localWithZone)
            fields.add("networks", key.networks?.joined(separator: ", "))
            fields.add("key", key.token)
            return fields.text
        }
        client.note("the key is not shown again; clients take it as ATTACHE_API_KEY")
    }
}

struct RotateAPIKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Put a new key in the place of one, which goes on working for a while.",
        discussion: """
            The new key has the name, the role, the networks and as long a life as the old one.

            Examples:
              attache api-keys rotate deploy --grace 1d
              attache api-keys rotate 0197a3c2-5f0e-7cc1-9a55-0b6b4c1f2d3e --now
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The key's id or name.")
    var id: String

    @Flag(help: "End the old key now.")
    var now = false

    @Option(help: ArgumentHelp("How long the old key works, at most 7d; 1h unless told.", valueName: "span"))
    var grace: TimeSpan?

    func validate() throws {
        if now, grace != nil { throw ValidationError("--now and --grace exclude each other") }
    }

    func run() async throws {
        let body = RotateGatewayTokenBody(revoke: now ? true : nil, graceSeconds: grace?.seconds)
        let rotated = try await client.withServer { server in
            try await server.rotateAPIKey(try await server.apiKeyID(named: id), body)
        }
        try client.show(rotated) {
            var fields = FieldList()
            fields.add("name", rotated.apiKey.name)
            fields.add("id", rotated.apiKey.id)
            fields.add("old key ends", rotated.previousExpiresAt?.localWithZone ?? "now")
            fields.add("key", rotated.apiKey.token)
            return fields.text
        }
        client.note("the key is not shown again; clients take it as ATTACHE_API_KEY")
    }
}

extension APIClient {
    /// The id of the key that `reference` names, among those that work.
    fileprivate func apiKeyID(named reference: String) async throws -> String {
        if TokenID(reference) != nil { return reference }
        let named = try await apiKeys().apiKeys.filter {
            $0.revokedAt == nil && $0.name.lowercased() == reference.lowercased()
        }
        guard named.count <= 1 else {
            throw CommandError.usage("several keys have that name", hint: "give the id: attache api-keys list")
        }
        // Without a key of that name the server says what is not found.
        return named.first?.id ?? reference
    }
}

struct RevokeAPIKeyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End a key now.",
        discussion: """
            Example:
              attache api-keys revoke 0197a3c2-5f0e-7cc1-9a55-0b6b4c1f2d3e
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The key's id or name.")
    var id: String

    func run() async throws {
        try await client.withServer { server in
            try await server.revokeAPIKey(try await server.apiKeyID(named: id))
        }
        try client.show(SuccessDocument()) { "revoked \(id.printable)\n" }
    }
}
