// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import VaultModel

/// Asks for one line at a terminal that does not show it.
///
/// The terminal is taken out of its line mode, which would cut a line at 4,095 bytes without a word (termios(3)), and put
/// back before anything else happens: at the end, on an error, and when a signal ends the process.
package struct HiddenPrompt {
    private let terminal: Int32
    private let messages: Int32

    package init(terminal: Int32 = STDIN_FILENO, messages: Int32 = STDERR_FILENO) {
        self.terminal = terminal
        self.messages = messages
    }

    /// Reads a line of at most `limit` bytes.
    ///
    /// Backspace takes back a character, Control-U the line; Control-D without a line is an error. A paste of several lines
    /// is refused and its rest discarded: the shell would execute it.
    package func line(_ prompt: String, limit: Int) throws(CommandError) -> SecretBytes {
        guard let silence = TerminalSilence(terminal) else { throw .value(.noLine) }
        defer { silence.end() }
        show(prompt)
        defer { show("\n") }
        var length = 0
        let buffer = try SecretBytes(count: limit) { memory throws(CommandError) in
            length = try fill(memory)
        }
        if isMoreThere { throw .value(.severalLines) }
        return buffer.withBytes { SecretBytes(copying: $0.prefix(length)) }
    }

    private func fill(_ memory: UnsafeMutableRawBufferPointer) throws(CommandError) -> Int {
        var length = 0
        while true {
            var byte: UInt8 = 0
            let count = read(terminal, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { throw .value(.noLine) }
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
    }

    /// Whether something follows the line at once, as it does after a paste.
    private var isMoreThere: Bool {
        var readable = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
        return poll(&readable, 1, 20) > 0 && readable.revents & Int16(POLLIN) != 0
    }

    private func show(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(messages, $0.baseAddress, $0.count) }
    }
}

extension Slice<UnsafeMutableRawBufferPointer> {
    /// The length that is left when the last character of UTF-8 is taken away.
    fileprivate var lengthWithoutLastCharacter: Int {
        guard let start = lastIndex(where: { $0 & 0b1100_0000 != 0b1000_0000 }) else { return 0 }
        return start - startIndex
    }
}

/// The time during which a terminal shows nothing of what is typed.
private struct TerminalSilence {
    private let terminal: Int32
    private let before: termios
    private let handlers: [(signal: Int32, action: sigaction)]

    /// Nil where the descriptor is no terminal.
    init?(_ terminal: Int32) {
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { return nil }
        self.terminal = terminal
        self.before = before
        SignaledTerminal.remember(terminal, before)
        handlers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT].map { number in
            var old = sigaction()
            sigaction(number, nil, &old)
            if !old.isIgnoring {
                var action = sigaction()
                action.__sigaction_handler.sa_handler = { SignaledTerminal.restore(andDieOf: $0) }
                sigaction(number, &action, nil)
            }
            return (number, old)
        }
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | IEXTEN)
        withUnsafeMutableBytes(of: &silent.c_cc) { controls in
            controls[Int(VMIN)] = 1
            controls[Int(VTIME)] = 0
            // A stopped process would leave the shell with a silent terminal. 0 is `_POSIX_VDISABLE` on Linux.
            controls[Int(VSUSP)] = 0
        }
        tcsetattr(terminal, TCSAFLUSH, &silent)
    }

    func end() {
        var before = before
        // TCSAFLUSH also discards what was typed or pasted and not read.
        tcsetattr(terminal, TCSAFLUSH, &before)
        for handler in handlers {
            var action = handler.action
            sigaction(handler.signal, &action, nil)
        }
    }
}

/// What a signal handler needs, where it can reach it.
private enum SignaledTerminal {
    // `nonisolated(unsafe)`: written before the handlers are installed, and only read by them.
    private nonisolated(unsafe) static var terminal: Int32 = -1
    // `nonisolated(unsafe)`: as above.
    private nonisolated(unsafe) static var state = termios()

    static func remember(_ descriptor: Int32, _ before: termios) {
        terminal = descriptor
        state = before
    }

    /// Only calls that are safe in a signal handler (signal-safety(7)).
    static func restore(andDieOf number: Int32) {
        tcsetattr(terminal, TCSAFLUSH, &state)
        signal(number, SIG_DFL)
        raise(number)
    }
}
