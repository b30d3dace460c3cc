// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes

extension APIClient {
    /// Fails with the name of the first entry that is not there.
    func requireSecrets(_ references: [String]) async throws {
        for reference in references {
            do {
                _ = try await secret(reference)
            } catch {
                guard case .answer(let body) = error, body.code == .notFound else { throw error }
                throw CommandError.usage(
                    "there is no entry \(reference)",
                    hint: "make it first: attache secrets create \(shellWord(reference))"
                )
            }
        }
    }

    /// The agent of that name or id; nil where there is none.
    func agentIfPresent(_ reference: String) async throws(APIClientError) -> AgentBody? {
        do {
            return try await agent(reference)
        } catch {
            guard case .answer(let body) = error, body.code == .notFound else { throw error }
            return nil
        }
    }
}
