// SPDX-License-Identifier: Apache-2.0

internal import CoreMetrics
internal import HTTPTypes
internal import Hummingbird
internal import VaultCore

/// `/metrics`, for Prometheus.
struct MetricsRoutes {
    let vault: Vault
    let registry: MetricsRegistry
    let identity: Identity

    var routes: [Route] { [Route(.get, "/metrics", handle: metrics)] }

    @Sendable private func metrics(_ reader: RequestReader) async throws -> Response {
        let caller = try await identity.caller(withoutQuery: reader)
        let now = try await vault.measurements(by: caller)
        let gauges: [(String, Int)] = [
            ("attache_stale_attachments", now.staleAttachments), ("attache_live_instances", now.liveInstances),
            ("attache_expired_entries", now.expiredEntries),
            ("attache_audit_unsigned_entries", Int(now.unsignedAuditEntries)),
            ("attache_audit_unsigned_seconds", Int(now.unsignedAuditSeconds)),
        ]
        for (label, value) in gauges { Gauge(label: label, dimensions: [], factory: registry).record(value) }
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
            body: ResponseBody(byteBuffer: .init(string: registry.text))
        )
    }
}
