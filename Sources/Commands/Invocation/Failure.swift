// SPDX-License-Identifier: Apache-2.0

package import APIClient
internal import APITypes
internal import ArgumentParser
internal import EnginePlugins
internal import Glibc
internal import ImageArchive

/// What is told about an error, to people or to programs, and the status that goes with it.
package struct Failure: Equatable, Sendable {
    package var status: ExitStatus
    package var text: String
    package var hint: String?
    /// Further facts, a line each.
    package var details: [String] = []
    private var body: JSONBody

    /// The object that is printed: the server's own, or one of its form.
    private enum JSONBody: Equatable, Sendable {
        case answered(ErrorBody)
        /// An error that no server answered has the status 0.
        case local(LocalErrorBody)
    }

    /// The lines for people, each with a line break.
    package var lines: String {
        var lines = ["attache: error: \(text.printable)"]
        lines += details.map { "  \($0.printable)" }
        if let hint { lines.append("attache: hint: \(hint.printable)") }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The object for programs, on one line.
    package var json: String {
        switch body {
        case .answered(let body): JSONDocument(body).text
        case .local(let body): JSONDocument(body).text
        }
    }
}

// MARK: - From errors

extension Failure {
    private init(_ status: ExitStatus, code: String, _ text: String, hint: String? = nil, details: [String] = []) {
        self.status = status
        self.text = text
        self.hint = hint
        self.details = details
        body = .local(LocalErrorBody(error: text, code: code, status: 0, hint: hint))
    }

    /// Any error that a command throws; nil for one that asks for a status and has nothing to tell.
    package init?(_ error: any Error) {
        switch error {
        case let error as APIClientError: self.init(error)
        case let error as CommandError: self.init(error)
        case let error as PluginError: self.init(error)
        case SecretVolumeError.refused(let text): self.init(.failed, code: "server_failed", text)
        case let error as ImageError: self.init(.failed, code: "image", error.text)
        case is CredentialsNotFound: self.init(.failed, code: "not_found", CredentialsNotFound.text)
        case is ExitCode: return nil
        case is CancellationError: self.init(.failed, code: "cancelled", "cancelled")
        default: self.init(parsing: error)
        }
    }

    /// What ArgumentParser found wrong with the command line.
    private init(parsing error: any Error) {
        guard AttacheCommand.exitCode(for: error) == .validationFailure else {
            // The text of an error that nobody foresaw may quote anything.
            self.init(.failed, code: "internal_error", "an unforeseen error: \(type(of: error))")
            return
        }
        var text = AttacheCommand.message(for: error)
        if text.last == "." { text.removeLast() }
        if let first = text.first, text.dropFirst().first?.isUppercase == false {
            text = first.lowercased() + text.dropFirst()
        }
        let help = AttacheCommand.fullMessage(for: error).split(separator: "\n").last { $0.contains("See '") }
        let command = help?.split(separator: "'").dropFirst().first.map(String.init)
        self.init(.usage, code: "usage", text, hint: command.map { "see \($0)" })
    }

    private init(_ error: PluginError) {
        switch error {
        case .socket(let place, let reason):
            self.init(.failed, code: "server_failed", "\(place): \(reason)")
        }
    }

    package init(_ error: CommandError) {
        let status = ExitStatus(error)
        switch error {
        case .usage(let text, let hint): self.init(status, code: "usage", text, hint: hint)
        case .unreadableFile(let path, let reason):
            self.init(status, code: "unreadable_file", "\(path) cannot be read: \(reason)")
        case .fileTooLarge(let path, let limit):
            self.init(status, code: "file_too_large", "\(path) is longer than \(limit) bytes")
        case .value(let problem):
            self.init(status, code: "invalid_value", problem.text, hint: problem.hint)
        case .wrapperMissing(nil):
            self.init(
                status,
                code: "wrapper_missing",
                "attache-exec is neither beside attache nor in PATH",
                hint: "install it, or set ATTACHE_EXEC_PATH to where it is"
            )
        case .wrapperMissing(let path?):
            self.init(
                status,
                code: "wrapper_missing",
                "\(path) cannot be executed",
                hint: "ATTACHE_EXEC_PATH is the path of the program attache-exec"
            )
        case .wrapperFailed(let path, let reason):
            self.init(status, code: "wrapper_failed", "\(path) cannot be executed: \(reason)")
        case .notAttached(let names, let agent):
            self.init(
                status,
                code: "not_found",
                "not attached to \(agent): \(names.joined(separator: ", "))",
                hint: "see attache agents show"
            )
        case .importConflict(let reasons):
            self.init(
                status,
                code: "import_conflict",
                "the plan cannot be carried out",
                hint: ErrorCode.importConflict.hint,
                details: reasons
            )
        case .notExported(let names):
            self.init(
                status,
                code: "not_exported",
                "without a value in the file: \(names.joined(separator: ", "))",
                hint: "the rest is written; look at these with attache secrets show"
            )
        case .invalidFile(let path, let findings):
            self.init(status, code: "invalid_file", "\(path) cannot be read as it is", details: findings)
        case .vaultDamaged(let rows):
            self.init(
                status,
                code: "integrity_error",
                "\(rows) \(rows == 1 ? "row of the vault does" : "rows of the vault do") not verify",
                hint: "attache keys verify names them"
            )
        case .cancelled: self.init(status, code: "cancelled", "left as it is; nothing was written")
        case .restartIncomplete(let synced, let told):
            self.init(
                status,
                code: "restart_incomplete",
                "\(synced) of \(told) instances are back on current values",
                hint: "see attache agents instances; one that could not be reached restarts when it is back"
            )
        case .auditDamaged:
            self.init(
                status,
                code: "audit_damaged",
                "the audit trail is not intact",
                hint: "keep a copy of the data folder as it is before anything else"
            )
        case .engineFile(let path, let reason):
            self.init(status, code: "engine_file", "\(path): \(reason)")
        case .backup(let text, let hint): self.init(status, code: "backup_failed", text, hint: hint)
        case .outputFailed(let reason):
            self.init(status, code: "output_failed", "the output cannot be written: \(reason)")
        case .serverConfiguration(let text, let hint): self.init(status, code: "configuration", text, hint: hint)
        case .serverFailed(let text, let hint): self.init(status, code: "server_failed", text, hint: hint)
        }
    }

    package init(_ error: APIClientError) {
        let status = ExitStatus(error)
        switch error {
        case .answer(let body): self.init(body, status: status)
        case .unfamiliarAnswer(let answered, let code, let text, let hint):
            self.init(status, code: code, text, hint: hint)
            body = .local(LocalErrorBody(error: text, code: code, status: answered, hint: hint))
        case .unreachable(let address, let reason):
            self.init(
                status,
                code: "unreachable",
                "no server at \(address): \(reason.text)",
                hint: reason.hint(for: address)
            )
        case .timedOut(let address):
            self.init(status, code: "timed_out", "no answer from \(address) in time")
        case .untrusted(let address):
            self.init(
                status,
                code: "untrusted",
                "the certificate of \(address) is not trusted, or is not for that name",
                hint: "set ATTACHE_CA_FILE to the certificate that signed it"
            )
        case .unusableCertificates(let path):
            self.init(status, code: "usage", "ATTACHE_CA_FILE: \(path) holds no certificates that can be read")
        case .protocolError(let text):
            self.init(
                status,
                code: "protocol_error",
                text,
                hint: "is it an attache server that answers there, and of this version?"
            )
        }
    }

    private init(_ body: ErrorBody, status: ExitStatus) {
        self.status = status
        text = body.error
        if text.last == "." { text.removeLast() }
        hint = body.code.hint ?? body.hint
        // The other sentences name what is in the way; a file may have too many for one.
        if body.code == .importConflict {
            details = body.conflicts?.map(\.importText) ?? []
        }
        self.body = .answered(body)
    }
}

/// An error in the form of the API that no server answered, or one with a code that this program does not know.
private struct LocalErrorBody: Encodable, Equatable {
    let error: String
    let code: String
    let status: Int
    let hint: String?
}

// MARK: - Texts

extension ValueProblem {
    fileprivate var text: String {
        switch self {
        case .empty: "the value is empty"
        case .tooLong: "the value is longer than the 131,071 bytes that a process can receive"
        case .notUTF8: "the value is not UTF-8"
        case .severalLines: "the value has several lines, and a prompt takes one"
        case .noLine: "no value was entered"
        case .colonInUser: "a user has no colon: what follows it would be a part of the password"
        case .userTooLong: "the user is longer than the 4,094 bytes that a terminal takes in a line"
        }
    }

    fileprivate var hint: String? {
        switch self {
        case .empty: "give it on stdin or with --value-file, or say --allow-empty"
        case .severalLines: "give it with --value-file or on stdin; what followed the first line was discarded"
        case .colonInUser: "enter the user alone; user:password in one piece goes to stdin or --value-file"
        case .userTooLong: "give user:password in one piece on stdin or with --value-file"
        case .tooLong, .notUTF8, .noLine: nil
        }
    }
}

extension UnreachableReason {
    fileprivate var text: String {
        switch self {
        case .noSuchSocket: "there is no such socket"
        case .nothingListens: "nothing listens there"
        case .permissionDenied: "permission denied"
        case .unknownHost: "the host is not known"
        case .connectionClosed: "the connection was closed before the answer"
        case .noAnswerToConnect: "no answer to the connection"
        case .system(let code): String(cString: strerror(code))
        }
    }

    fileprivate func hint(for address: ServerAddress) -> String? {
        switch (self, address) {
        case (.noSuchSocket, _), (.nothingListens, .socket):
            "start one with attache serve, or say where it is with --socket or ATTACHE_ADDRESS"
        case (.permissionDenied, _):
            "the socket is for root and the server's own user; others set ATTACHE_ADDRESS and ATTACHE_API_KEY"
        case (.nothingListens, .url), (.unknownHost, _): "check ATTACHE_ADDRESS"
        case (.connectionClosed, _), (.noAnswerToConnect, _), (.system, _): nil
        }
    }
}

extension ErrorCode {
    /// What the command line can do about it, where that is not what the server says to all its clients.
    fileprivate var hint: String? {
        switch self {
        case .stillAttached:
            "detach it first: attache agents detach AGENT NAME; a credential: attache credentials detach AGENT NAME"
        case .importConflict:
            "choose with --on-existing skip or update; for bundles that differ, with --merge or --bundle"
        case .planChanged: "look at the plan again with --dry-run"
        case .versionMismatch: "look at it again with attache secrets show"
        case .tokenMissing:
            "root and the server's own user need no key at its socket; others set ATTACHE_API_KEY"
        case .tokenUnknown, .tokenRevoked, .tokenRotated:
            "log in again with attache login, or check ATTACHE_API_KEY"
        default: nil
        }
    }
}
