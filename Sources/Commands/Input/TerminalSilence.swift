// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// The time during which a terminal shows nothing of what is typed.
struct TerminalSilence {
    private let terminal: Int32
    private let farewell: StaticString
    private let before: termios
    private let handlers: [(signal: Int32, action: sigaction)]

    /// Nil where the descriptor is no terminal.
    ///
    /// `farewell` is written to the terminal when it ends, by a signal too.
    init?(_ terminal: Int32, farewell: StaticString = "") {
        var before = termios()
        guard tcgetattr(terminal, &before) == 0 else { return nil }
        self.terminal = terminal
        self.before = before
        self.farewell = farewell
        SignaledTerminal(descriptor: terminal, before: before, farewell: farewell).remember()
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
        _ = write(terminal, farewell.utf8Start, farewell.utf8CodeUnitCount)
        // TCSAFLUSH also discards what was typed or pasted and not read.
        tcsetattr(terminal, TCSAFLUSH, &before)
        for handler in handlers {
            var action = handler.action
            sigaction(handler.signal, &action, nil)
        }
    }
}

/// What a signal handler needs, where it can reach it.
private struct SignaledTerminal {
    /// The address of the one value, which is never freed; 0 before the first.
    private static let address = Atomic<UInt>(0)

    let descriptor: Int32
    let before: termios
    let farewell: StaticString

    /// Puts this in the place that the handlers read; the handlers are installed afterwards.
    func remember() {
        let place = UnsafeMutablePointer<Self>.allocate(capacity: 1)
        place.initialize(to: self)
        Self.address.store(UInt(bitPattern: place), ordering: .releasing)
    }

    /// Only calls that are safe in a signal handler (signal-safety(7)).
    static func restore(andDieOf number: Int32) {
        if let place = UnsafePointer<Self>(bitPattern: address.load(ordering: .acquiring)) {
            _ = write(
                place.pointee.descriptor,
                place.pointee.farewell.utf8Start,
                place.pointee.farewell.utf8CodeUnitCount
            )
            var before = place.pointee.before
            tcsetattr(place.pointee.descriptor, TCSAFLUSH, &before)
        }
        signal(number, SIG_DFL)
        raise(number)
    }
}
