// SPDX-License-Identifier: Apache-2.0

package import APIClient
internal import APITypes
internal import VaultModel

/// What logs in at registries, kept in the vault: an entry for each, attached to one agent.
///
/// A value is read as that agent reads it, and no other way: so whoever may make sessions of the agent may pull.
package struct RegistryKeychain: Sendable {
    private let server: APIClient
    private let agent: String

    package init(agent: String, on server: APIClient) {
        self.agent = agent
        self.server = server
    }

    /// What was stored for a server; nil where nothing was.
    package func credential(for serverURL: String) async throws(APIClientError) -> RegistryCredential? {
        guard let name = RegistryCredential.entryName(of: serverURL), let values = try await values() else {
            return nil
        }
        return values.withValue(name) { RegistryCredential(entry: name, value: $0) } ?? nil
    }

    /// The user name at each server.
    package func usernames() async throws(APIClientError) -> [String: String] {
        guard let values = try await values() else { return [:] }
        var names: [String: String] = [:]
        for name in values.names {
            guard let found = values.withValue(name, { RegistryCredential(entry: name, value: $0) }),
                let credential = found
            else { continue }
            names[credential.serverURL] = credential.username
        }
        return names
    }

    /// Keeps what logs in at a server, in the place of what was kept before; makes the agent where there is none.
    ///
    /// Nil where its address or its value is too long to be kept.
    package func store(_ credential: RegistryCredential) async throws(APIClientError) -> Bool {
        guard let name = RegistryCredential.entryName(of: credential.serverURL), let value = credential.value else {
            return false
        }
        do {
            _ = try await server.updateSecret(name, UpdateSecretBody(value: value))
        } catch .answer(let body) where body.code == .notFound {
            _ = try await server.createSecret(
                CreateSecretBody(name: name, kind: .secret, value: value, note: "registry \(credential.serverURL)")
            )
        }
        do {
            _ = try await server.attach(AttachBody(secretIds: [name]), to: agent)
        } catch .answer(let body) where body.code == .alreadyAttached {
            return true
        } catch .answer(let body) where body.code == .notFound {
            _ = try await server.createAgent(CreateAgentBody(name: agent, secretIds: [name]))
        }
        return true
    }

    /// Forgets what logs in at a server; false where nothing was kept.
    package func erase(_ serverURL: String) async throws(APIClientError) -> Bool {
        guard let name = RegistryCredential.entryName(of: serverURL) else { return false }
        do {
            do {
                try await server.detach(name, from: agent)
            } catch .answer(let body) where body.code == .notFound {
                // Never attached, or no agent: the entry may still be there.
            }
            try await server.deleteSecret(name)
            return true
        } catch .answer(let body) where body.code == .notFound {
            return false
        }
    }

    private func values() async throws(APIClientError) -> AgentValues? {
        do {
            return try await AgentValues(of: agent, for: "registries", from: server)
        } catch .answer(let body) where body.code == .notFound {
            return nil
        }
    }
}
