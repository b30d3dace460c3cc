// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A key, as far as a screen of lines knows what to do with it.
package enum Key: Equatable, Sendable {
    case up, down, pageUp, pageDown, home, end, enter, escape, backspace
    /// A visible character of ASCII.
    case character(Character)
    case other
}

/// The keys that are typed at a terminal which hands over every byte.
struct TerminalKeys {
    let terminal: Int32

    /// Waits for a key; nil when the terminal is gone, or its size changed meanwhile.
    func next() -> Key? {
        guard let byte = read() else { return nil }
        switch byte {
        case 0x1B: return sequence
        case 0x0A, 0x0D: return .enter
        case 0x08, 0x7F: return .backspace
        case 0x20...0x7E: return .character(Character(Unicode.Scalar(byte)))
        default: return .other
        }
    }

    /// What follows an escape: nothing, when the key itself was pressed, or a sequence of ECMA-48 §5.4.
    private var sequence: Key {
        guard isMoreThere, let introducer = read() else { return .escape }
        guard introducer == UInt8(ascii: "[") || introducer == UInt8(ascii: "O") else { return .other }
        var parameters: [UInt8] = []
        while parameters.count < 16, let byte = read() {
            guard (0x40...0x7E).contains(byte) else {
                parameters.append(byte)
                continue
            }
            switch (byte, parameters) {
            case (UInt8(ascii: "A"), _): return .up
            case (UInt8(ascii: "B"), _): return .down
            case (UInt8(ascii: "H"), _): return .home
            case (UInt8(ascii: "F"), _): return .end
            case (UInt8(ascii: "~"), [UInt8(ascii: "1")]), (UInt8(ascii: "~"), [UInt8(ascii: "7")]): return .home
            case (UInt8(ascii: "~"), [UInt8(ascii: "4")]), (UInt8(ascii: "~"), [UInt8(ascii: "8")]): return .end
            case (UInt8(ascii: "~"), [UInt8(ascii: "5")]): return .pageUp
            case (UInt8(ascii: "~"), [UInt8(ascii: "6")]): return .pageDown
            default: return .other
            }
        }
        return .other
    }

    private func read() -> UInt8? {
        var byte: UInt8 = 0
        return Glibc.read(terminal, &byte, 1) == 1 ? byte : nil
    }

    /// Whether a byte comes at once, as the rest of a sequence does.
    private var isMoreThere: Bool {
        var readable = pollfd(fd: terminal, events: Int16(POLLIN), revents: 0)
        return poll(&readable, 1, 50) > 0
    }
}
