// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import ArgumentParser
internal import Glibc
internal import VaultModel

/// Where a password comes from: a prompt that does not show it, stdin, or a file; never an argument.
struct PasswordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Take the password from this file, - for stdin.", valueName: "file"),
        completion: .file()
    )
    var passwordFile: String?

    func read(_ prompt: String) throws(CommandError) -> SecretText {
        if passwordFile == nil, isatty(STDIN_FILENO) == 1 {
            return SecretText(SharedSecret(try HiddenPrompt().line("\(prompt) (not shown): ", limit: 1_024)))
        }
        let bytes = try BoundedFile(path: passwordFile ?? "-", limit: 1_026).contents().droppingFinalNewline()
        guard !bytes.isEmpty else { throw .value(.empty) }
        return SecretText(SharedSecret(bytes))
    }

    /// A new password, asked for twice at a terminal.
    func readNew(_ prompt: String) throws(CommandError) -> SecretText {
        let first = try read(prompt)
        guard passwordFile == nil, isatty(STDIN_FILENO) == 1 else { return first }
        let second = try read("once more")
        let isSame = first.secret.bytes.withBytes { first in
            second.secret.bytes.withBytes { second in first.elementsEqual(second) }
        }
        guard isSame else { throw .usage("the two passwords are not the same") }
        return first
    }
}
