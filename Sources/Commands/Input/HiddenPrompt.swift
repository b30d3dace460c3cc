// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import VaultModel

/// Asks for one line at a terminal that does not show it.
///
/// The terminal is taken out of its line mode, which would cut a line at 4,095 bytes without a word (termios(3)), and put
/// back before anything else happens: at the end, on an error, and when a signal ends the process.
package struct HiddenPrompt {
    private let terminal: PromptTerminal

    package init(terminal: Int32 = STDIN_FILENO, messages: Int32 = STDERR_FILENO) {
        self.terminal = PromptTerminal(input: terminal, messages: messages)
    }

    /// Reads a line of at most `limit` bytes.
    ///
    /// Backspace takes back a character, Control-U the line; Control-D without a line is an error. A paste of several lines
    /// is refused and its rest discarded: the shell would execute it.
    package func line(_ prompt: String, limit: Int) throws(CommandError) -> SecretBytes {
        guard let silence = TerminalSilence(terminal.input) else { throw .value(.noLine) }
        defer { silence.end() }
        terminal.show(prompt)
        defer { terminal.show("\n") }
        var length = 0
        let buffer = try SecretBytes(count: limit) { memory throws(CommandError) in
            length = try fill(memory)
        }
        if terminal.isMoreThere { throw .value(.severalLines) }
        return buffer.withBytes { SecretBytes(copying: $0.prefix(length)) }
    }

    private func fill(_ memory: UnsafeMutableRawBufferPointer) throws(CommandError) -> Int {
        var length = 0
        while let byte = terminal.byte() {
            switch byte {
            case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return length
            case 0x04:
                guard length > 0 else { throw .value(.noLine) }
                return length
            case 0x08, 0x7F: length = memory.prefix(length).lengthWithoutLastCharacter
            case 0x15: length = 0
            default:
                guard length < memory.count else { throw .value(.tooLong) }
                memory[length] = byte
                length += 1
            }
        }
        throw .value(.noLine)
    }
}

extension Slice<UnsafeMutableRawBufferPointer> {
    /// The length that is left when the last character of UTF-8 is taken away.
    fileprivate var lengthWithoutLastCharacter: Int {
        guard let start = lastIndex(where: { $0 & 0b1100_0000 != 0b1000_0000 }) else { return 0 }
        return start - startIndex
    }
}
