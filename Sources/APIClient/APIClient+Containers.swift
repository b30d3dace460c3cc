// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOHTTP1

extension APIClient {
    package func containers() async throws(APIClientError) -> ContainerList {
        try await call(APIRequest(.GET, "containers"))
    }
}
