// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// Why the command was not started.
///
/// No failure carries a value or a token: only names, sizes, fixed text and what errno(3) says.
struct Failure: Error {
    /// What the process exits with: the shell's own codes for a command, and one for everything else.
    enum Status: Int32 {
        case ownFailure = 125
        case notExecutable = 126
        case notFound = 127
    }

    let code: Text
    let message: Message
    var status = Status.ownFailure
    /// Whether the same may work later, without anybody doing anything about it.
    var canPass = false

    static func usage(_ message: Message) -> Failure { Failure(code: "usage", message: message) }

    /// Prints the failure as one line of that severity.
    func report(_ severity: Text) { Message("\(severity): \(code): \(message)").print() }

    /// The one place where a failure becomes a line and an exit code.
    func end() -> Never {
        let advice: Message = hint.map { "; \($0)" } ?? ""
        Message("error: \(code): \(message)\(advice)").print()
        ckernel_exec_exit(status.rawValue)
    }

    /// What to do, where the message does not say so: for what a container's configuration can mend.
    private var hint: Text? {
        for (known, hint) in Failure.hints where known == code { return hint }
        return nil
    }

    private static var hints: [(Text, Text)] {
        [
            ("command_not_found", "is it in the image, and in a folder of PATH?"),
            ("environment_too_large", "--only and --file leave some out, a larger stack limit makes room"),
            ("required_missing", "attach them, or do not require them"),
            ("token_invalid", "the file holds the token and nothing else"),
            ("token_unreadable", "is it mounted, and may this user read it?"),
            ("unexpected_variable", "detach them, or expect them"),
            ("unreachable", "does the server run, and is the way to it mounted or routed into this container?"),
            ("value_too_long", "--file hands it over as a file"),
        ]
    }
}
