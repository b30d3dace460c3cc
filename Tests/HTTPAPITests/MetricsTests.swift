// SPDX-License-Identifier: Apache-2.0

import APITypes
import CoreMetrics
import HTTPAPI
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct MetricsTests {
    @Test func requestsAreCountedByRouteAndNeverByPath() async throws {
        try await APISession.run { api async throws in
            _ = try await api.create("A_NAME_OF_MINE")
            for _ in 0..<3 { try await api.send(.get, "/api/v1/secrets/A_NAME_OF_MINE") }
            try await api.send(.get, "/no/such/path/MADE_UP")
            let text = try await api.send(.get, "/metrics").text
            let counted = "attache_requests_total{method=\"GET\",route=\"/api/v1/secrets/{id}\",status=\"200\"} 3\n"
            #expect(text.contains(counted))
            #expect(text.contains("attache_requests_total{method=\"-\",route=\"-\",status=\"404\"} 1\n"))
            #expect(text.contains("# TYPE attache_request_seconds histogram\n"))
            #expect(text.contains("attache_stale_attachments 0.0\n"))
            #expect(!text.contains("MADE_UP"))
            #expect(!text.contains("A_NAME_OF_MINE"))
        }
    }

    @Test func aMemberDoesNotSeeTheNumbersOfTheServer() async throws {
        try await APISession.run { api async throws in
            let key = try await api.test.vault.createAPIKey(
                CreateAPIKeyBody(name: "m", role: .member),
                by: api.test.localOperator
            )
            let answer = try await api.send(.get, "/metrics", as: .token(key.token ?? ""))
            #expect(answer.code == .forbidden)
        }
    }

    @Test func aHistogramCountsWhatIsBelowEachBound() {
        let registry = MetricsRegistry()
        let recorder = Recorder(label: "sizes", dimensions: [("a", "q\"\\")], aggregate: true, factory: registry)
        for value in [1, 2, 3, 200] { recorder.record(value) }
        let text = registry.text
        #expect(text.contains("sizes_bucket{a=\"q\\\"\\\\\",le=\"2.0\"} 2\n"))
        #expect(text.contains("le=\"128.0\"} 3\n"))
        #expect(text.contains("le=\"+Inf\"} 4\n"))
        #expect(text.contains("sizes_sum{a=\"q\\\"\\\\\"} 206.0\n"))
    }
}
