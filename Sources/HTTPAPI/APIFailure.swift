// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import HTTPTypes
internal import VaultCore

/// An answer that is not a success, thrown from anywhere in the surface.
struct APIFailure: Error {
    var body: ErrorBody
    var headers: HTTPFields = [:]

    init(_ body: ErrorBody, headers: HTTPFields = [:]) {
        self.body = body
        self.headers = headers
    }

    init(_ code: ErrorCode, _ text: String, hint: String? = nil, field: String? = nil) {
        self.init(ErrorBody(code, text, hint: hint, field: field))
    }
}
