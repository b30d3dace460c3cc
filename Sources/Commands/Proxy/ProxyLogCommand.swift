// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct ProxyLogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "List what was sent through the proxy, or refused by it, oldest first.",
        discussion: """
            The newest 50 without --limit. Each attempt is an entry of the audit trail: see attache audit.

            Examples:
              attache proxy log --credential Anthropic --limit 200
              attache proxy log --follow
            """
    )

    @OptionGroup var client: ClientOptions

    @Flag(help: "Go on with what comes, until interrupted; with --json a document a line.")
    var follow = false

    @Option(help: ArgumentHelp("Only this credential's, by name or id.", valueName: "name"))
    var credential: String?

    @Option(help: ArgumentHelp("Only this agent's, by name or id.", valueName: "name"))
    var agent: String?

    @Flag(help: "Only what was refused.")
    var denied = false

    @Option(help: ArgumentHelp("At most so many of the past.", valueName: "n"))
    var limit = 50

    func validate() throws {
        guard (0...100_000).contains(limit) else { throw ValidationError("--limit is a number up to 100,000") }
    }

    func run() async throws {
        try await client.withServer { server in
            var query = AuditQuery()
            query.action = "credential.use"
            query.isAllowed = denied ? false : nil
            query.subject = credential
            let agents = try await server.names(ofAgents: agent)
            if let agent {
                guard
                    let id = agents.first(where: { $0.key == agent || $0.value.lowercased() == agent.lowercased() })?
                        .key
                else { throw APIClientError.answer(ErrorBody(.notFound, "no such agent")) }
                query.actor = "agent:\(id)"
            }
            var log = ProxyLog(agents: agents)
            let past = try await server.attempts(query, newerThan: nil, upTo: limit)
            guard follow else {
                return try client.show(AuditPage(entries: past, nextCursor: nil)) { log.table(past) }
            }
            var last = past.last?.sequence
            if last == nil {
                last = try await server.attempts(AuditQuery(), newerThan: nil, upTo: 1).last?.sequence ?? 0
            }
            try show(past, &log)
            while true {
                try await Task.sleep(for: .seconds(1))
                let new = try await server.attempts(query, newerThan: last, upTo: .max)
                last = new.last?.sequence ?? last
                try show(new, &log)
            }
        }
    }

    private func show(_ entries: [AuditEntryBody], _ log: inout ProxyLog) throws {
        for entry in entries {
            try StandardStream.output.write(client.json ? JSONDocument(entry).text + "\n" : log.line(entry))
        }
    }
}

/// Attempts as people read them.
private struct ProxyLog {
    /// By id.
    let agents: [String: String]

    func table(_ entries: [AuditEntryBody]) -> String {
        guard !entries.isEmpty else { return "no requests\n" }
        var table = Table("TIME", "AGENT", "CREDENTIAL", "METHOD", "TARGET", "ANSWER", "MS", "BYTES")
        for entry in entries { table.add(row: cells(entry)) }
        return table.text
    }

    mutating func line(_ entry: AuditEntryBody) -> String { cells(entry).joined(separator: "  ") + "\n" }

    private func cells(_ entry: AuditEntryBody) -> [String] {
        let details = entry.details
        let answer = entry.allowed ? details["status"] ?? details["error"] : entry.reason
        let parts = entry.actor.split(separator: ":")
        let isAgent = parts.first == "agent" && parts.count > 1
        return [
            entry.at.local, isAgent ? agents[String(parts[1])] ?? entry.actor : entry.actor,
            entry.subjects.first?.name ?? "-", details["method"] ?? "-", details["target"] ?? "-", answer ?? "-",
            details["milliseconds"] ?? "-", details["bytes"] ?? "-",
        ].map(\.printable)
    }
}

extension APIClient {
    /// Names of agents by id; all of them, so that a log can say who asked.
    fileprivate func names(ofAgents wanted: String?) async throws -> [String: String] {
        var names: [String: String] = [:]
        var cursor: String?
        repeat {
            let page = try await agents(limit: Self.maximumPageSize, cursor: cursor)
            for agent in page.agents { names[agent.id] = agent.name }
            cursor = page.nextCursor
        } while cursor != nil
        return names
    }

    /// Entries of the trail in the order in which they were written.
    fileprivate func attempts(_ query: AuditQuery, newerThan last: Int64?, upTo limit: Int) async throws
        -> [AuditEntryBody]
    {
        var found: [AuditEntryBody] = []
        var cursor: String?
        while found.count < limit {
            let page = try await audit(limit: min(200, limit - found.count), cursor: cursor, query)
            let new = page.entries.prefix { $0.sequence > last ?? 0 }
            found += new
            cursor = page.nextCursor
            if cursor == nil || new.count < page.entries.count { break }
        }
        return found.reversed()
    }
}
