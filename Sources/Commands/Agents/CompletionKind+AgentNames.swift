// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import Glibc

extension CompletionKind {
    /// The names of the agents that the server has, as a shell asks for them; none where the server cannot be asked.
    ///
    /// A completion has nobody to tell an error, and must not keep the shell waiting.
    static var agentNames: CompletionKind {
        .custom { words, index, prefix in
            let typed = words.prefix(max(index, 0))
            func value(of flag: String) -> String? {
                typed.lastIndex(of: flag).flatMap { $0 + 1 < typed.endIndex ? typed[$0 + 1] : nil }
            }
            let socket = value(of: "--socket")
            let settings = try? ClientSettings(
                socket: socket,
                address: socket == nil ? value(of: "--address") : nil,
                environment: ClientOptions.environment,
                userID: geteuid()
            )
            guard let settings else { return [] }
            return await names(beginningWith: prefix, by: settings)
        }
    }

    private static let mostNames = 100
    private static let longestWait: Duration = .seconds(2)

    private static func names(beginningWith prefix: String, by settings: ClientSettings) async -> [String] {
        await withTaskGroup(of: [String].self) { group in
            group.addTask {
                let page = try? await settings.withServer { server in
                    try await server.agents(limit: mostNames, cursor: nil, matching: prefix.isEmpty ? nil : prefix)
                }
                return (page?.agents ?? []).map(\.name).filter { $0.hasPrefix(prefix) }
            }
            group.addTask {
                try? await Task.sleep(for: longestWait)
                return []
            }
            defer { group.cancelAll() }
            return await group.next() ?? []
        }
    }
}
