// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Storage
package import VaultModel

extension Vault {
    /// Asks every supervised instance of an agent to restart, and tells how far that is.
    ///
    /// The request is kept until an instance has restarted, also where its supervisor or this server is away now.
    package func restartGateway(
        _ reference: String,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> RestartBody {
        try await write(.gatewayRestart, by: caller, once: once) { act in
            let agent = try act.liveAgent(reference)
            for var instance in try act.connection.liveInstances(of: agent.id, in: act.workspace)
            where instance.isSupervised {
                instance.restartRequestedAt = act.now
                try act.connection.updateInstance(instance)
            }
            let body = try act.restartBody(of: agent)
            return Done(
                body,
                AuditEvent(
                    action: .gatewayRestart,
                    subjects: [agent.subject],
                    details: [AuditDetail(key: "told", value: String(body.told))]
                )
            )
        }
    }

    /// Tells how far the latest request to restart is.
    package func restartProgress(of reference: String, by caller: Caller) async throws(VaultError) -> RestartBody {
        try await read(.agentList, by: caller) { act in try act.restartBody(of: act.liveAgent(reference)) }
    }

    /// Waits until every instance that was told has come to an end of its restart, at most `limit`.
    package func restartProgress(
        of reference: String,
        by caller: Caller,
        within limit: Duration,
        _ wait: ChangeWait
    ) async throws(VaultError) -> RestartBody {
        guard let listener = notices.add(wait) else { throw .tooManyWaits }
        defer { notices.remove(listener) }
        let timer = Task {
            try? await Task.sleep(for: limit)
            wait.end(.timeout)
        }
        defer { timer.cancel() }
        while true {
            let generation = notices.generation
            let body = try await restartProgress(of: reference, by: caller)
            guard wait.ended == nil, body.instances.contains(where: { $0.state == .told }) else { return body }
            notices.listen(for: [body.agentId], as: listener, since: generation)
            await wait.next()
        }
    }
}

extension Act {
    fileprivate func restartBody(of agent: AgentRow) throws -> RestartBody {
        let current = Receipt(
            Dictionary(
                try connection.attachedVersions(of: agent.id, in: workspace)
                    .map { ($0.entry, Receipt.version(of: $0.version, by: $0.delivery)) }
            ) { $1 }
        )
        let told = try connection.instancesToldToRestart(of: agent.id, in: workspace)
        var instances = try told.map { instance in
            RestartedInstanceBody(
                id: instance.id.text,
                replica: instance.replica,
                state: try state(of: instance, current: current)
            )
        }
        let others = try connection.liveInstances(of: agent.id, in: workspace).filter { !$0.isSupervised }
        instances += others.map {
            RestartedInstanceBody(id: $0.id.text, replica: $0.replica, state: .notSupervised)
        }
        return RestartBody(agentId: agent.id.text, requestedAt: told.first?.restartRequestedAt, instances: instances)
    }

    /// How far the restart of an instance that was told is.
    private func state(of told: InstanceRow, current: Receipt) throws -> RestartState {
        if let next = try connection.successor(of: told), next.runningAt != nil || !next.isSupervised {
            switch supervised.liveness(of: next, at: now) {
            case .ended: return .ended
            case .starting, .lost: return .lost
            case .assumed, .running, .connected: return Receipt(decoding: next.receipt) == current ? .synced : .stale
            }
        }
        switch supervised.liveness(of: told, at: now) {
        case .ended: return .ended
        case .lost: return .lost
        case .assumed, .running, .starting, .connected: return .told
        }
    }
}
