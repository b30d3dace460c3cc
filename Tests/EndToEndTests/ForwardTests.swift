// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `attache-exec --forward` before the built server's proxy.
struct ForwardTests {
    /// The same request twice on one connection: the first to the proxy, the second for the whole environment.
    @Test func aProgramCallsAnAPIThroughItsOwnLoopbackAndReachesNothingElse() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nmodels")] }
        let scene = try await ProxyScene(target)
        let port = try LoopbackPort.free()
        let script = """
            exec 3<>/dev/tcp/127.0.0.1/\(port)
            printf 'GET /v1/via/Target/v1/models HTTP/1.1\\r\\nHost: x\\r\\nx-api-key: %s\\r\\n\\r\\n' "$1" >&3
            printf 'POST /api/v1/starts HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer %s\\r\\n' "$2" >&3
            printf 'Attache-Start: 591d04ed728099018e3eda982af6eb73\\r\\nAttache-Instance: two\\r\\n\\r\\n' >&3
            cat <&3
            """
        let command = ["/bin/bash", "-c", script, "bash", scene.token, scene.gatewayToken]
        let flags = ["--supervise", "--forward=\(port)"]
        let result = try await scene.server.exec(token: scene.gatewayToken, flags: flags, command)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.hasPrefix("HTTP/1.1 200 OK\r\nConnection: close\r\n"), "\(result.output)")
        #expect(result.output.hasSuffix("models"))
        #expect(result.output.components(separatedBy: "HTTP/1.1").count == 2)
        let request = try #require(target.requests.first)
        #expect(target.requests.count == 1)
        #expect(request.hasPrefix("GET /v1/models HTTP/1.1\r\n"))
        #expect(request.contains(ProxyScene.key))
        let instances = try await scene.server.attache("agents", "instances", "bot", "--json").output
        #expect(instances.contains("\"one\"") && !instances.contains("\"two\""))
    }
}
