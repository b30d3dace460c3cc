// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOHTTP1

extension APIClient {
    package func backups() async throws(APIClientError) -> BackupList {
        try await call(APIRequest(.GET, "backups"))
    }

    /// Has the server begin a backup; ``backups()`` tells how far it is.
    package func beginBackup() async throws(APIClientError) -> BackupInProgressBody {
        var request = try APIRequest(.POST, "backups")
        request.makeOnce()
        return try await call(request)
    }
}
