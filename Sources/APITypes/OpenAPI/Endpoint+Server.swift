// SPDX-License-Identifier: Apache-2.0

extension Endpoint {
    static let server: [Endpoint] = [
        Endpoint(
            .getHealth,
            .get,
            "/healthz",
            "Say that the process serves",
            access: .anybody,
            answer: .ok(.health, "It serves.")
        ),
        Endpoint(
            .getReadiness,
            .get,
            "/readyz",
            "Say whether a request could be carried out now",
            access: .anybody,
            answer: .ok(.health, "The store answers and takes writes."),
            errors: [.auditUnavailable, .busy, .integrityError, .storageFull, .storageUnavailable]
        ),
        Endpoint(
            .getMetrics,
            .get,
            "/metrics",
            "Show what the server measured, for Prometheus; takes the role of an admin",
            answer: Answer(status: 200, description: "The text exposition format.", content: .text)
        ),
        Endpoint(
            .getDescription,
            .get,
            "/openapi.json",
            "Describe this API",
            access: .anybody,
            answer: Answer(status: 200, description: "This document.", content: .document)
        ),
    ]
}
