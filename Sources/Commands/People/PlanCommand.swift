// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser
internal import VaultModel

struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what the workspace may hold and send, and does, or choose another plan.",
        discussion: """
            A plan limits credentials, agents and requests through the proxy in a month; enterprise and self_hosted have no \
            limits. Owners choose it; where the server's own plan has limits, its operator.

            Examples:
              attache workspaces plan
              attache workspaces plan pro
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The plan to choose.")
    var plan: Plan?

    func run() async throws {
        let workspace = try await client.withServer { server in
            if let plan { return try await server.updateWorkspace(UpdateWorkspaceBody(plan: plan)) }
            return try await server.workspace()
        }
        try client.show(workspace) {
            var fields = FieldList()
            fields.add("workspace", workspace.name)
            fields.add(workspace.plan, workspace.usage, workspace.limits)
            return fields.text
        }
    }
}

extension FieldList {
    /// The plan, and each usage beside its limit.
    mutating func add(_ plan: Plan?, _ usage: UsageBody?, _ limits: LimitsBody?) {
        add("plan", plan?.rawValue)
        guard let usage, let limits else { return }
        for (name, count, most) in [
            ("credentials", usage.credentials, limits.credentials), ("agents", usage.agents, limits.agents),
            ("requests this month", usage.requestsThisMonth, limits.requestsPerMonth),
        ] {
            add(name, most.map { "\(count) of \($0)" } ?? String(count))
        }
    }
}
