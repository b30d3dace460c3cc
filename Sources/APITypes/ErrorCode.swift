// SPDX-License-Identifier: Apache-2.0

/// Every `code` that an error of the API may carry, with the status it always has.
///
/// The codes are part of the wire format: a new one may be added, none is renamed.
package enum ErrorCode: String, CaseIterable, Codable, Sendable {
    case addressNotAllowed = "address_not_allowed"
    case alreadyAttached = "already_attached"
    case alreadyInvited = "already_invited"
    case alreadyMember = "already_member"
    case auditUnavailable = "audit_unavailable"
    case bodyTooLarge = "body_too_large"
    case busy
    case credentialExpired = "credential_expired"
    case duplicateName = "duplicate_name"
    case duplicateProvider = "duplicate_provider"
    case duplicateVariable = "duplicate_variable"
    case entryExpired = "entry_expired"
    case forbidden
    case headersTooLarge = "headers_too_large"
    case idempotencyKeyReused = "idempotency_key_reused"
    case importConflict = "import_conflict"
    case instanceEnded = "instance_ended"
    case integrityError = "integrity_error"
    case internalError = "internal_error"
    case invalidCursor = "invalid_cursor"
    case invalidField = "invalid_field"
    case invalidFile = "invalid_file"
    case invalidJSON = "invalid_json"
    case invalidName = "invalid_name"
    case invalidQuery = "invalid_query"
    case invalidRequest = "invalid_request"
    case invalidValue = "invalid_value"
    case invitationNotValid = "invitation_not_valid"
    case keysConflict = "keys_conflict"
    case kindIsFinal = "kind_is_final"
    case lastOwner = "last_owner"
    case limitReached = "limit_reached"
    case loginFailed = "login_failed"
    case methodNotAllowed = "method_not_allowed"
    case noCredential = "no_credential"
    case notFound = "not_found"
    case personalWorkspace = "personal_workspace"
    case planChanged = "plan_changed"
    case planLimitReached = "plan_limit_reached"
    case proxyAddressMissing = "proxy_address_missing"
    case quotaReached = "quota_reached"
    case rateLimited = "rate_limited"
    case shuttingDown = "shutting_down"
    case stillAttached = "still_attached"
    case storageFull = "storage_full"
    case storageUnavailable = "storage_unavailable"
    case targetAddressNotAllowed = "target_address_not_allowed"
    case targetAnswerInvalid = "target_answer_invalid"
    case targetInvalid = "target_invalid"
    case targetLoop = "target_loop"
    case targetNotAllowed = "target_not_allowed"
    case targetTimedOut = "target_timed_out"
    case targetUnreachable = "target_unreachable"
    case targetUnresolved = "target_unresolved"
    case targetUntrusted = "target_untrusted"
    case tokenMissing = "token_missing"
    case tokenRevoked = "token_revoked"
    case tokenRotated = "token_rotated"
    case tokenUnknown = "token_unknown"
    case unsupportedMediaType = "unsupported_media_type"
    case versionMismatch = "version_mismatch"

    /// The HTTP status that goes with the code: the one place where a status is chosen.
    package var status: Int {
        switch self {
        case .invalidCursor, .invalidField, .invalidJSON, .invalidName, .invalidQuery, .invalidRequest, .invalidValue:
            400
        case .credentialExpired, .loginFailed, .tokenMissing, .tokenRevoked, .tokenRotated, .tokenUnknown: 401
        case .addressNotAllowed, .forbidden, .planLimitReached, .targetAddressNotAllowed, .targetLoop,
            .targetNotAllowed:
            403
        case .invitationNotValid, .noCredential, .notFound: 404
        case .targetInvalid: 400
        case .targetAnswerInvalid, .targetUnreachable, .targetUnresolved, .targetUntrusted: 502
        case .targetTimedOut: 504
        case .methodNotAllowed: 405
        case .alreadyAttached, .alreadyInvited, .alreadyMember, .duplicateName, .duplicateProvider, .duplicateVariable,
            .entryExpired, .importConflict, .instanceEnded, .keysConflict, .kindIsFinal, .lastOwner, .personalWorkspace,
            .planChanged, .proxyAddressMissing, .stillAttached:
            409
        case .versionMismatch: 412
        case .bodyTooLarge: 413
        case .unsupportedMediaType: 415
        case .idempotencyKeyReused, .invalidFile, .limitReached: 422
        case .quotaReached, .rateLimited: 429
        case .headersTooLarge: 431
        case .integrityError, .internalError: 500
        case .auditUnavailable, .busy, .shuttingDown, .storageUnavailable: 503
        case .storageFull: 507
        }
    }
}

extension ErrorCode {
    /// What only `/v1/proxy` and `/v1/via/…` answer, which are no endpoints of the API.
    package static let ofProxy: Set<ErrorCode> = [
        .credentialExpired, .noCredential, .quotaReached, .targetAddressNotAllowed, .targetAnswerInvalid,
        .targetInvalid, .targetLoop,
        .targetNotAllowed, .targetTimedOut, .targetUnreachable, .targetUnresolved, .targetUntrusted,
    ]
}
