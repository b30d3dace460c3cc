// SPDX-License-Identifier: Apache-2.0

package import APIClient
internal import APITypes

/// Every status that `attache` itself ends with.
///
/// `attache exec` becomes another process, which adds its own: 125 for attache-exec, 126 and 127 as a shell does.
package enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    /// The command line cannot be carried out as written; also what `secrets import --check` ends with when a value is
    /// read differently elsewhere.
    case usage = 2
    /// Nothing is wrong with the command; it may work later (`EX_TEMPFAIL` of sysexits.h).
    case tryAgain = 75
    /// The server's configuration or key cannot work (`EX_CONFIG` of sysexits.h).
    case configuration = 78
}

extension ExitStatus {
    package init(_ error: APIClientError) {
        switch error {
        case .answer(let body): self.init(httpStatus: body.status)
        case .unfamiliarAnswer(let status, _, _, _): self.init(httpStatus: status)
        case .unreachable(_, .permissionDenied): self = .failed
        case .unreachable, .timedOut: self = .tryAgain
        case .untrusted, .protocolError: self = .failed
        case .unusableCertificates: self = .usage
        }
    }

    package init(_ error: CommandError) {
        switch error {
        case .usage: self = .usage
        case .serverConfiguration: self = .configuration
        case .restartIncomplete: self = .tryAgain
        case .unreadableFile, .fileTooLarge, .value, .wrapperMissing, .wrapperFailed, .notAttached, .importConflict,
            .notExported, .invalidFile,
            .cancelled, .auditDamaged, .backup, .engineFile, .vaultDamaged, .outputFailed, .serverFailed:
            self = .failed
        }
    }

    private init(httpStatus: Int) {
        self = httpStatus == 429 || httpStatus == 503 ? .tryAgain : .failed
    }
}
