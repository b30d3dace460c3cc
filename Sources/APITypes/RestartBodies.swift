// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// How far one instance's restart is.
package enum RestartState: String, CaseIterable, Codable, Sendable {
    /// Asked, and not back yet.
    case told
    /// Runs again, on current values.
    case synced
    /// Runs again, on values that have changed since.
    case stale
    /// Its supervisor cannot be reached; it is told when it comes back.
    case lost
    /// Has ended, and nothing took its place.
    case ended
    /// Has no supervisor that could be asked.
    case notSupervised = "not_supervised"
}

/// One instance of a restart.
package struct RestartedInstanceBody: Codable, Equatable, Sendable {
    package var id: String
    package var replica: String
    package var state: RestartState

    package init(id: String, replica: String, state: RestartState) {
        self.id = id
        self.replica = replica
        self.state = state
    }
}

/// The latest request to restart an agent's instances, and how far it is.
package struct RestartBody: Codable, Equatable, Sendable {
    package var agentId: String
    /// Absent where nobody was ever asked.
    package var requestedAt: Timestamp?
    /// How many instances were asked.
    package var told: Int
    /// How many of them run again on current values.
    package var synced: Int
    package var instances: [RestartedInstanceBody]

    package init(agentId: String, requestedAt: Timestamp?, instances: [RestartedInstanceBody]) {
        self.agentId = agentId
        self.requestedAt = requestedAt
        told = instances.count { $0.state != .notSupervised }
        synced = instances.count { $0.state == .synced }
        self.instances = instances
    }
}
