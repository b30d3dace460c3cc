// SPDX-License-Identifier: Apache-2.0

package import APITypes

/// Why a call to the server has no result.
///
/// No case carries a value or a token: what the server says about an error never does, and nothing of the request is kept.
package enum APIClientError: Error, Equatable {
    /// The server refused or failed, and said so in the form of the API.
    case answer(ErrorBody)
    /// The same, with a code that this client does not know: the server is newer.
    case unfamiliarAnswer(status: Int, code: String, error: String, hint: String?)
    /// No connection, or it ended before an answer. Whether a change was made is not known in the latter case.
    case unreachable(ServerAddress, UnreachableReason)
    /// The connection stands, and the answer did not come in time.
    case timedOut(ServerAddress)
    /// The server's certificate is not trusted, or is for another name.
    case untrusted(ServerAddress)
    /// The file of trusted certificates cannot be used.
    case unusableCertificates(path: String)
    /// The other side does not speak this API; the text is fixed.
    case protocolError(String)
}

/// What kept a connection from being made or from lasting.
package enum UnreachableReason: Error, Equatable, Sendable {
    case noSuchSocket
    case nothingListens
    case permissionDenied
    case unknownHost
    case connectionClosed
    case noAnswerToConnect
    /// Any other error of the system.
    case system(errno: Int32)
}
