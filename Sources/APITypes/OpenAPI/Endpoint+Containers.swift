// SPDX-License-Identifier: Apache-2.0

extension Endpoint {
    /// What the hooks of container engines ask, on the operator's socket.
    static let containers: [Endpoint] = [
        Endpoint(
            .listContainers,
            .get,
            "/api/v1/containers",
            "List the containers that engines vouch for and that have not ended",
            listeners: [.operatorSocket],
            answer: .ok(.containerList, "The containers, oldest first.")
        ),
        Endpoint(
            .registerContainer,
            .put,
            "/api/v1/containers/{id}",
            "Vouch for a container: its processes need no token to start as the agent",
            listeners: [.operatorSocket],
            body: .json(.registerContainer),
            answer: .ok(.container, "The container."),
            errors: [.duplicateName]
        ),
        Endpoint(
            .endContainer,
            .delete,
            "/api/v1/containers/{id}",
            "Say that a container has ended; the instances in it end with it",
            listeners: [.operatorSocket],
            answer: .done
        ),
    ]
}
