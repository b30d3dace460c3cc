// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import NIOFoundationCompat

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension Response {
    /// An answer with a JSON body.
    static func json(
        _ body: some Encodable,
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:]
    ) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(data: try encoder.encode(body)))
        )
    }

    /// An answer whose `ETag` is the version that `If-Match` is compared with.
    static func json(_ body: some Encodable, version: Int64) throws -> Response {
        try json(body, headers: [.eTag: "\"\(version)\""])
    }

    static let noContent = Response(status: .noContent)
}
