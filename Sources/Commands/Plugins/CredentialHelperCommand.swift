// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import EnginePlugins
internal import FoundationEssentials
internal import VaultModel

struct CredentialHelperCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential-helper",
        abstract: "Keep what docker and podman log in to registries with.",
        discussion: """
            The protocol of docker's credential helpers: the server's URL, or for store a JSON object, on stdin; the answer \
            on stdout, errors too. attache does it by the name docker-credential-attache, which is how docker and podman \
            find it. What is kept are entries that are attached to the agent registries, or to the one that \
            ATTACHE_REGISTRY_AGENT names.

            Exit status: 0, or 1 where there is nothing for that server or something failed.

            Example:
              attache credential-helper get <<<https://index.docker.io/v1/
            """
    )

    /// The name by which docker and podman call it.
    static let programName = "docker-credential-attache"

    enum Action: String, CaseIterable, ExpressibleByArgument {
        case get, store, erase, list, version
    }

    @OptionGroup var client: ClientOptions

    @Argument(help: "get, store, erase, list or version.")
    var action: Action

    func run() async throws {
        do {
            try await StandardStream.output.write(answer())
        } catch {
            // What docker shows of a helper that failed is what it printed.
            guard let failure = Failure(error) else { throw error }
            try StandardStream.output.write("\(failure.text.printable)\n")
            throw ExitStatus.failed.exit
        }
    }

    private func answer() async throws -> [UInt8] {
        switch action {
        case .version: return Array("docker-credential-attache \(ProductVersion.text)\n".utf8)
        case .list:
            let names = try await withKeychain { try await $0.usernames() }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(names)) + [UInt8(ascii: "\n")]
        case .get:
            let serverURL = try serverURL()
            let credential = try await withKeychain { try await $0.credential(for: serverURL) }
            guard let json = credential?.json else { throw CredentialsNotFound() }
            return json + [UInt8(ascii: "\n")]
        case .erase:
            let serverURL = try serverURL()
            guard try await withKeychain({ try await $0.erase(serverURL) }) else { throw CredentialsNotFound() }
            return []
        case .store:
            let text = try Self.input()
            let read = text.bytes.withBytes { RegistryCredential(json: $0) }
            guard let credential = read else {
                throw CommandError.usage("stdin is not an object with ServerURL, Username and Secret")
            }
            guard try await withKeychain({ try await $0.store(credential) }) else {
                throw CommandError.usage("the server's URL is too long to be kept")
            }
            return []
        }
    }

    private func serverURL() throws(CommandError) -> String {
        let text = try Self.input().bytes.withBytes { String(validating: $0, as: UTF8.self) }
        let url = text?.split(whereSeparator: \.isWhitespace) ?? []
        guard url.count == 1 else { throw .usage("no credentials server URL") }
        return String(url[0])
    }

    private static func input() throws(CommandError) -> SharedSecret {
        SharedSecret(try BoundedFile(path: "-", limit: 1 << 20).contents())
    }

    private func withKeychain<Result>(_ body: (RegistryKeychain) async throws -> Result) async throws -> Result {
        let agent =
            ClientOptions.environment["ATTACHE_REGISTRY_AGENT"].flatMap { $0.isEmpty ? nil : $0 } ?? "registries"
        return try await client.withServer { try await body(RegistryKeychain(agent: agent, on: $0)) }
    }
}

/// Thrown where nothing is kept for a server; docker and podman know it by its exact text.
struct CredentialsNotFound: Error {
    static let text = "credentials not found in native keychain"
}
