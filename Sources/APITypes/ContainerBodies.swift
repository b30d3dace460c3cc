// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// The body of `PUT /containers/{id}`: an engine is about to start a container.
package struct RegisterContainerBody: RequestBody {
    package enum CodingKeys: String, CodingKey, CaseIterable { case agent, pid }

    /// The agent's id or name.
    package var agent: String
    /// The container's first process, as the machine numbers it.
    package var pid: Int64

    package init(agent: String, pid: Int64) {
        self.agent = agent
        self.pid = pid
    }
}

/// A container that an engine vouches for.
package struct ContainerBody: Codable, Equatable, Sendable {
    /// The engine's id of it.
    package var id: String
    package var agentId: String
    package var agent: String
    package var pid: Int64
    package var registeredAt: Timestamp

    package init(id: String, agentId: String, agent: String, pid: Int64, registeredAt: Timestamp) {
        self.id = id
        self.agentId = agentId
        self.agent = agent
        self.pid = pid
        self.registeredAt = registeredAt
    }
}

/// The answer to `GET /containers`: those that have not ended.
package struct ContainerList: Codable, Equatable, Sendable {
    package var containers: [ContainerBody]

    package init(containers: [ContainerBody]) {
        self.containers = containers
    }
}
