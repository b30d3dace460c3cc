// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import NIOCore
internal import NIOHTTP1

extension APIClient {
    package func keys() async throws(APIClientError) -> KeysBody {
        try await call(APIRequest(.GET, "keys"))
    }

    package func addMasterKey(_ body: AddMasterKeyBody) async throws(APIClientError) -> KeysBody {
        var request = try APIRequest(.POST, "keys", "master")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    package func dropMasterKey(_ id: String) async throws(APIClientError) {
        try await call(APIRequest(.DELETE, "keys", "master", id))
    }

    package func beginRotation(_ body: RotateKeysBody) async throws(APIClientError) -> RotationBody {
        var request = try APIRequest(.POST, "keys", "rotations")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    package func shredUser(_ body: ShredUserBody) async throws(APIClientError) -> ShreddedBody {
        var request = try APIRequest(.POST, "keys", "shred")
        try request.setJSON(body)
        request.makeOnce()
        return try await call(request)
    }

    /// Has the server open every record, which takes longer the more there are.
    package func verifyVault() async throws(APIClientError) -> VerificationBody {
        var request = try APIRequest(.GET, "keys", "verify")
        request.timeout = .hours(6)
        return try await call(request)
    }
}
