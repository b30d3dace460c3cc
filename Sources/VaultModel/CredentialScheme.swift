// SPDX-License-Identifier: Apache-2.0

/// How a credential is presented to an HTTP API; the raw values are those of the wire format.
package enum CredentialScheme: String, CaseIterable, Sendable {
    /// `Authorization: Bearer KEY`.
    case apiKey = "API_KEY"
    /// `Cookie: name=value; name=value`.
    case cookie = "COOKIE"
    /// `Authorization: Basic base64(user:password)` (RFC 7617).
    case basicAuth = "BASIC_AUTH"
    /// One or more header fields of any names.
    case customHeader = "CUSTOM_HEADER"
    /// A parameter of the URL's query.
    case queryParameter = "QUERY_PARAM"

    /// The byte that stands for the scheme in a row's authentication code.
    ///
    /// Never reused.
    package var code: UInt8 {
        switch self {
        case .apiKey: 1
        case .cookie: 2
        case .basicAuth: 3
        case .customHeader: 4
        case .queryParameter: 5
        }
    }
}
