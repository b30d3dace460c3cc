// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import NIOHTTP1
package import VaultModel

extension APIClient {
    /// What the agent has attached, `NAME=value\0` once for each, as a shell of it would get it: the server records a
    /// session and a start, and no instance.
    ///
    /// `asker` is what the trail says of who asked, such as `systemd`; 1 to 128 visible characters of ASCII.
    package func environment(of agent: String, for asker: String) async throws(APIClientError) -> SharedSecret {
        let session = try await createSession(for: agent)
        var request = try APIRequest(.POST, "starts")
        request.token = session.gatewayToken
        var random = SystemRandomNumberGenerator()
        request.headers.add(name: "Attache-Instance", value: asker)
        request.headers.add(name: "Attache-Session", value: "1")
        request.headers.add(name: "Attache-Start", value: "session-\(String(random.next() as UInt64, radix: 36))")
        return try await call(request) { SharedSecret(copying: $0) }
    }
}
