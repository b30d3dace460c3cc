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
        report("error")
        ckernel_exec_exit(status.rawValue)
    }
}
