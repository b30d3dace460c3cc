// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import VaultCore
internal import VaultModel

/// `/api/v1/starts`: a process that is about to run gets its environment.
///
/// `docs/formats/start-protocol.md` has the form.
struct StartRoutes {
    let vault: Vault

    var routes: [Route] { [Route(.post, "/api/v1/starts", handle: start)] }

    @Sendable private func start(_ reader: RequestReader) async throws -> Response {
        try reader.noQuery()
        let headers = reader.request.headers
        guard let replica = headers[.attacheInstance] else {
            throw APIFailure(.invalidField, "the header is missing", field: "Attache-Instance")
        }
        guard let startID = headers[.attacheStart] else {
            throw APIFailure(.invalidField, "the header is missing", field: "Attache-Start")
        }
        // The request has no body; what is sent all the same must not stay on the connection.
        _ = try await reader.bytes(upTo: 1_024)
        let answer = try await vault.start(
            StartRequest(
                token: reader.request.bearerToken(),
                replica: replica,
                startID: startID,
                isSession: headers[.attacheSession] == "1"
            )
        )
        var fields: HTTPFields = [
            .contentType: "application/vnd.attache.environment", .attacheReceipt: answer.receipt,
        ]
        if !answer.allowedNames.isEmpty {
            fields[.attacheAllowedNames] = answer.allowedNames.joined(separator: " ")
        }
        let body = answer.environment.bytes.withBytes { ByteBuffer(bytes: $0) }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: body))
    }
}
