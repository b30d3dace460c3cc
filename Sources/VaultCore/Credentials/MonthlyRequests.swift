// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import AuditTrail
internal import Storage
internal import Synchronization
internal import VaultModel

/// How many requests each workspace that has a limit sent in the present month.
///
/// What is stored is counted from the trail's own entries, in their transaction; this counts what begins, so that two
/// requests of one moment never both take the last place.
final class MonthlyRequests: Sendable {
    private struct Place: Hashable {
        let workspace: WorkspaceID
        let month: CalendarMonth
    }

    /// As many are kept; a month that a clock left, and comes back to, has its count as it was.
    private static let mostCounts = 4_096

    private let counts = Mutex<[Place: Int]>([:])

    /// Counts a request where there is room for it; nil where nobody knows how many there were.
    func admit(_ workspace: WorkspaceID, in month: CalendarMonth, upTo most: Int) -> Bool? {
        let place = Place(workspace: workspace, month: month)
        return counts.withLock { counts in
            guard let requests = counts[place] else { return nil }
            guard requests < most else { return false }
            counts[place] = requests + 1
            return true
        }
    }

    /// Takes what was stored, unless somebody else did meanwhile.
    func learn(_ requests: Int, of workspace: WorkspaceID, in month: CalendarMonth) {
        let place = Place(workspace: workspace, month: month)
        counts.withLock { counts in
            guard counts[place] == nil else { return }
            if counts.count >= Self.mostCounts { counts = counts.filter { $0.key.month == month } }
            counts[place] = requests
        }
    }
}

extension Vault {
    /// Counts a request that is about to be sent against the plan of its workspace.
    ///
    /// Throws ``VaultError/quotaReached(most:retryAfter:)``, which is recorded once a minute.
    func count(_ grant: ProxyGrant) async throws(VaultError) {
        guard let most = grant.requestsPerMonth else { return }
        let now = clock.now
        let month = CalendarMonth(of: now)
        while true {
            switch monthly.admit(grant.workspace, in: month, upTo: most) {
            case true?: return
            case false?:
                try? await recordLimit("quota_reached", grant)
                let wait = (month.end.milliseconds - now.milliseconds + 999) / 1_000
                throw .quotaReached(most: most, retryAfter: wait)
            case nil:
                let stored = try await mappingErrors {
                    try await engine.read { try $0.requestCount(in: month, of: grant.workspace) }
                }
                monthly.learn(stored, of: grant.workspace, in: month)
            }
        }
    }

    /// Records that a limit kept a request from being sent: the first at once, those of the same minute as a number.
    package func recordLimit(_ reason: String, _ grant: ProxyGrant) async throws(VaultError) {
        try await record(
            RepeatedEvent(
                chain: grant.workspace.text,
                actor: grant.actor,
                action: .credentialUse,
                outcome: .denied(reason: reason)
            )
        )
    }
}

extension Act {
    /// What the workspace may hold and send.
    func plan(unlessTold plan: Plan) throws -> Plan { try workspaceRow().plan ?? plan }

    /// The workspace with its plan, what it holds and sent, and its limits.
    func usage(unlessTold standard: Plan) throws -> WorkspaceUsageBody {
        let row = try workspaceRow()
        let plan = row.plan ?? standard
        return WorkspaceUsageBody(
            id: row.id.text,
            name: row.name,
            plan: plan,
            usage: UsageBody(
                credentials: try connection.liveCredentialCount(in: workspace),
                agents: try connection.liveAgentCount(in: workspace),
                requestsThisMonth: try connection.requestCount(in: CalendarMonth(of: now), of: workspace)
            ),
            limits: LimitsBody(plan.limits)
        )
    }

    /// Refuses one more of something than the plan allows.
    func refuse(more noun: String, than limit: Int?, _ count: () throws -> Int) throws {
        guard let limit, try count() >= limit else { return }
        throw VaultError.planLimit("the workspace's plan allows \(limit) \(noun)")
    }
}

extension LimitsBody {
    init(_ limits: Plan.Limits) {
        self.init(
            credentials: limits.credentials,
            agents: limits.agents,
            requestsPerMonth: limits.requestsPerMonth
        )
    }
}

/// Requests that were sent, as the trail tells them.
struct RequestTally {
    private struct Key: Hashable {
        let workspace: WorkspaceID
        let holder: String
        let month: CalendarMonth
    }

    private var counts: [Key: Int64] = [:]
    /// Of one key in a row, as most are.
    private var run: (key: Key, count: Int64)?

    /// Counts what was allowed, each request once, however many keys it was tried with.
    mutating func add(_ records: [AuditRecord], of chain: String) {
        guard let workspace = WorkspaceID(chain) else { return }
        for record in records
        where record.outcome == .allowed && !record.details.contains(where: { $0.key == ProxyAttempt.numberKey }) {
            add(by: record.actor.holder, of: workspace, at: record.at)
        }
    }

    /// Counts a request.
    mutating func add(by holder: String, of workspace: WorkspaceID, at time: Timestamp) {
        let key = Key(workspace: workspace, holder: holder, month: CalendarMonth(of: time))
        if run?.key == key {
            run?.count += 1
        } else {
            endRun()
            run = (key, 1)
        }
    }

    private mutating func endRun() {
        if let run { counts[run.key, default: 0] += run.count }
        run = nil
    }

    mutating func store(on connection: any SQLConnection) throws {
        endRun()
        for (key, count) in counts {
            try connection.addRequests(count, by: key.holder, in: key.month, of: key.workspace)
        }
    }
}

extension AuditActor {
    /// The agent or the key that it acts for, whichever of its tokens was shown.
    var holder: String {
        switch self {
        case .gateway(let agent, _): agent.text
        case .workspaceKey(let key): key.text
        case .user(let user, _): user.text
        case .localOperator, .server, .nobody: "operator"
        }
    }
}
