// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Where a question is shown, and where its answer is typed.
struct PromptTerminal {
    let input: Int32
    let messages: Int32

    func show(_ text: String) {
        var text = text
        text.withUTF8 { _ = write(messages, $0.baseAddress, $0.count) }
    }

    /// The next byte; nil at the end of the input.
    func byte() -> UInt8? {
        var byte: UInt8 = 0
        while true {
            let count = read(input, &byte, 1)
            if count < 0, errno == EINTR { continue }
            return count == 1 ? byte : nil
        }
    }

    /// Whether something follows the line at once, as it does after a paste.
    var isMoreThere: Bool {
        var readable = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
        return poll(&readable, 1, 20) > 0 && readable.revents & Int16(POLLIN) != 0
    }

    /// Discards what was typed or pasted and not read: the shell would execute it.
    func discardRest() { tcflush(input, TCIFLUSH) }
}
