// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Shows a review in the terminal and hands it the keys.
///
/// On the terminal's other screen (xterm's 1049), so that what was there comes back: at the end, and when a signal ends
/// the process.
struct ReviewScreen {
    private let terminal: Int32

    init(terminal: Int32 = STDIN_FILENO) {
        self.terminal = terminal
    }

    /// Whether somebody is there to look and type.
    static var isPossible: Bool {
        guard let type = getenv("TERM").map({ String(cString: $0) }) else { return false }
        return type != "dumb" && isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
    }

    func show(_ review: inout ImportReview) throws(CommandError) -> ImportReview.Outcome {
        guard let silence = TerminalSilence(terminal, farewell: "\u{1B}[?25h\u{1B}[?1049l") else { throw .cancelled }
        defer { silence.end() }
        let resize = ResizeNotice()
        defer { resize.end() }
        put("\u{1B}[?1049h\u{1B}[?25l")
        while true {
            draw(&review)
            guard let key = TerminalKeys(terminal: terminal).next() else {
                if errno == EINTR { continue }
                throw .cancelled
            }
            if let outcome = review.press(key) { return outcome }
        }
    }

    private func draw(_ review: inout ImportReview) {
        var size = winsize()
        let isKnown = ioctl(terminal, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 && size.ws_row > 0
        let columns = isKnown ? Int(size.ws_col) : 80
        let rows = isKnown ? Int(size.ws_row) : 24
        let lines = review.lines(columns: columns, rows: rows).map { line in
            line.isMarked ? "\u{1B}[7m\(line.text)\u{1B}[0m" : line.text
        }
        // From the top, each line cleared to its end, and everything below the last.
        put("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    private func put(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = write(terminal, rest.baseAddress, rest.count)
                if count > 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
                } else if count == 0 || errno != EINTR {
                    return
                }
            }
        }
    }
}

/// The time during which a changed size of the terminal interrupts a read, so that the screen is drawn anew.
private struct ResizeNotice {
    private let before: sigaction

    init() {
        var old = sigaction()
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(SIGWINCH, &action, &old)
        before = old
    }

    func end() {
        var action = before
        sigaction(SIGWINCH, &action, nil)
    }
}
