// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import VaultModel

/// Asks for the two parts of basic authentication: the user, which is shown, and the password, which is not.
struct BasicAuthPrompt {
    /// What a terminal's line mode surely takes: of more it drops what is beyond 4,095 bytes, without a word (termios(3)).
    private static let mostLineBytes = 4_094

    private let terminal = PromptTerminal(input: STDIN_FILENO, messages: STDERR_FILENO)

    /// Reads a value of the form `user:password` with at most `limit` bytes; each part is one line.
    func value(limit: Int, allowEmpty: Bool) throws(CommandError) -> SecretBytes {
        let user = try user(limit: limit)
        // RFC 7617 §2: the first colon ends the user.
        if user.withBytes({ $0.contains(UInt8(ascii: ":")) }) { throw .value(.colonInUser) }
        let password = try HiddenPrompt().line("Password: ", limit: max(0, limit - user.count - 1))
        guard allowEmpty || !password.isEmpty else { throw .value(.empty) }
        return SecretBytes(count: user.count + 1 + password.count) { memory in
            user.withBytes { memory.copyBytes(from: $0) }
            memory[user.count] = UInt8(ascii: ":")
            password.withBytes {
                UnsafeMutableRawBufferPointer(rebasing: memory[(user.count + 1)...]).copyMemory(from: $0)
            }
        }
    }

    /// The terminal stays in its line mode, so that its own keys edit the line.
    private func user(limit: Int) throws(CommandError) -> SecretBytes {
        terminal.show("User: ")
        var length = 0
        let buffer = try SecretBytes(count: min(limit, Self.mostLineBytes)) { memory throws(CommandError) in
            while let byte = terminal.byte() {
                if byte == UInt8(ascii: "\n") { return }
                guard length < memory.count else {
                    terminal.discardRest()
                    throw .value(.userTooLong)
                }
                memory[length] = byte
                length += 1
            }
            throw .value(.noLine)
        }
        if terminal.isMoreThere {
            terminal.discardRest()
            throw .value(.severalLines)
        }
        return buffer.withBytes { SecretBytes(copying: $0.prefix(length)) }
    }
}
