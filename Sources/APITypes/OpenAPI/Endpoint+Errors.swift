// SPDX-License-Identifier: Apache-2.0

extension Endpoint.Access {
    /// What may go wrong before the endpoint itself is reached, and in the store under it.
    var errors: Set<ErrorCode> {
        let always: Set<ErrorCode> = [
            .headersTooLarge, .internalError, .invalidQuery, .invalidRequest, .rateLimited, .shuttingDown,
        ]
        let store: Set<ErrorCode> = [
            .auditUnavailable, .busy, .integrityError, .storageFull, .storageUnavailable,
        ]
        let tokens: Set<ErrorCode> = [.tokenMissing, .tokenRevoked, .tokenRotated, .tokenUnknown]
        switch self {
        case .anybody: return always
        case .proof: return always.union(store).union([.loginFailed])
        case .workspace:
            return always.union(store).union(tokens).union([.addressNotAllowed, .forbidden, .invalidField, .notFound])
        case .gateway: return always.union(store).union(tokens)
        }
    }
}

extension Endpoint.RequestContent {
    var errors: Set<ErrorCode> {
        switch self {
        case .json, .optionalJSON: [.bodyTooLarge, .invalidField, .invalidJSON, .unsupportedMediaType]
        case .file: [.bodyTooLarge, .invalidField, .invalidJSON, .unsupportedMediaType]
        }
    }

    /// The media types that are taken.
    package var mediaTypes: [String] {
        switch self {
        case .json, .optionalJSON: ["application/json"]
        case .file:
            [
                "text/plain", "application/octet-stream", "application/x-tar", "application/gzip", "application/x-gzip",
                "application/x-xz", "application/zstd", "application/zip", "application/x-7z-compressed",
                "multipart/form-data",
            ]
        }
    }
}
