// SPDX-License-Identifier: Apache-2.0

package import APITypes
package import ProxyRules
package import VaultCore

/// Why the proxy answers itself instead of passing on what a target said.
///
/// No case holds a value, a token, or anything that a target sent.
package enum ProxyError: Error, Equatable, Sendable {
    case vault(VaultError)
    /// `X-Target-Url` is missing or given twice.
    case targetMissing
    case targetInvalid(TargetURLError)
    case methodInvalid
    /// A workspace key names its credential in `X-Credential-Name`.
    case credentialMissing
    /// The request for one credential shows the token of another.
    case otherCredential
    /// The credential has no rule that a base URL could be made from.
    case noBaseURL
    case host(HostDecision)
    /// The token stands where it would reach the target.
    case tokenInTarget
    case tokenInFieldName
    case loop
    case unresolved
    case addressNotAllowed
    case unreachable
    /// The certificate of the target does not vouch for its name.
    case untrusted
    case timedOut
    /// What came back is not HTTP, or is encoded although that was not asked for.
    case badAnswer
    /// The body is longer than the operator lets through.
    case requestTooLarge
    case answerTooLarge
    /// The agent is gone, or its body ended before it was whole.
    case brokenOff
}

extension ProxyError {
    /// The code that stands in the audit trail.
    package var reason: String {
        switch self {
        case .vault: "vault"
        case .targetMissing, .targetInvalid, .noBaseURL: ErrorCode.targetInvalid.rawValue
        case .methodInvalid: ErrorCode.invalidField.rawValue
        case .credentialMissing, .otherCredential: ErrorCode.invalidField.rawValue
        case .host, .tokenInTarget, .tokenInFieldName: ErrorCode.targetNotAllowed.rawValue
        case .loop: ErrorCode.targetLoop.rawValue
        case .unresolved: ErrorCode.targetUnresolved.rawValue
        case .addressNotAllowed: ErrorCode.targetAddressNotAllowed.rawValue
        case .unreachable: ErrorCode.targetUnreachable.rawValue
        case .untrusted: ErrorCode.targetUntrusted.rawValue
        case .timedOut: ErrorCode.targetTimedOut.rawValue
        case .badAnswer: ErrorCode.targetAnswerInvalid.rawValue
        case .requestTooLarge: ErrorCode.bodyTooLarge.rawValue
        case .answerTooLarge: "answer_too_large"
        case .brokenOff: "broken_off"
        }
    }

    /// The answer to the agent; nil for the vault's own errors, which are mapped elsewhere.
    ///
    /// It never tells where the credential may go: that is the operator's to know.
    package var body: ErrorBody? {
        switch self {
        case .vault: nil
        case .brokenOff: ErrorBody(.invalidRequest, "the request's body cannot be read to its end")
        case .targetMissing:
            ErrorBody(.targetInvalid, "the header is missing or given twice", field: "X-Target-Url")
        case .targetInvalid(let error):
            ErrorBody(.targetInvalid, error.reason, field: "X-Target-Url")
        case .methodInvalid:
            ErrorBody(.invalidField, "not a method that is forwarded", field: "X-Target-Method")
        case .credentialMissing:
            ErrorBody(
                .invalidField,
                "with a workspace key the credential has to be named",
                hint: "send its name, or use the credential's proxy token",
                field: "X-Credential-Name"
            )
        case .otherCredential:
            ErrorBody(.notFound, "no such credential for this token")
        case .noBaseURL:
            ErrorBody(
                .targetInvalid,
                "this credential has no single host to put before the path",
                hint: "use /v1/proxy with X-Target-Url"
            )
        case .host(.noHosts):
            ErrorBody(
                .targetNotAllowed,
                "this credential may go nowhere yet",
                hint: "attache credentials update NAME --host RULE"
            )
        case .host:
            ErrorBody(.targetNotAllowed, "this credential may not go to that host, path or method")
        case .tokenInTarget:
            ErrorBody(.targetNotAllowed, "the target's URL holds a token of this server")
        case .tokenInFieldName:
            ErrorBody(.targetNotAllowed, "the name of a field holds a token of this server")
        case .loop: ErrorBody(.targetLoop, "the target leads back to this server")
        case .unresolved: ErrorBody(.targetUnresolved, "the target's name has no address")
        case .addressNotAllowed:
            ErrorBody(
                .targetAddressNotAllowed,
                "the target's name leads to an address that is not on the public Internet",
                hint: "the operator can allow the block with --proxy-allow"
            )
        case .unreachable: ErrorBody(.targetUnreachable, "the target does not take the connection")
        case .untrusted: ErrorBody(.targetUntrusted, "the target's certificate is not trusted for its name")
        case .timedOut: ErrorBody(.targetTimedOut, "the target did not answer in time")
        case .badAnswer:
            ErrorBody(.targetAnswerInvalid, "the target's answer cannot be read, or is encoded against the request")
        case .requestTooLarge:
            ErrorBody(.bodyTooLarge, "the body is longer than this server lets through the proxy")
        case .answerTooLarge:
            ErrorBody(.targetAnswerInvalid, "the target's answer is longer than this server lets through the proxy")
        }
    }
}

extension TargetURLError {
    fileprivate var reason: String {
        switch self {
        case .tooLong: "the URL has more than 8,192 bytes"
        case .noScheme: "the URL begins with https://"
        case .forbiddenCharacter: "the URL holds a character that has to be escaped, or an escape that means nothing"
        case .fragment: "the URL has a fragment"
        case .userInformation: "the URL holds a user or an @ before its path"
        case .invalidHost: "the URL's host is no name and no address in its plain form"
        case .invalidPort: "the URL's port is no number from 1 to 65535"
        case .dotSegment: "the URL's path has a . or .. segment"
        }
    }
}
