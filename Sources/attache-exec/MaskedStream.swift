// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// One stream of the command on its way to where the wrapper's own goes, with `*` for every byte of a value.
///
/// Everything else passes as it is. Held back is only what may be the beginning of a value, and of that the first three
/// bytes only for a moment: so a prompt, or a key that is echoed, is not kept from who waits for it.
struct MaskedStream {
    private let source: Int32
    private let target: Int32
    private var matcher: ValueMatcher
    private let room: UnsafeMutablePointer<UInt8>
    /// Bytes in the room; those that may go; those that have gone.
    private var end = 0
    private var ready = 0
    private var sent = 0
    private(set) var hasEnded = false

    private static let chunk = 16 << 10
    /// A pipe that is ready for writing takes so many bytes at once (pipe(7), PIPE_BUF).
    private static let write = 4096
    private static let shownEarly = 3

    init(from source: Int32, to target: Int32, _ values: [[UInt8]]) {
        self.source = source
        self.target = target
        matcher = ValueMatcher(values)
        room = .allocate(capacity: matcher.longest + MaskedStream.chunk)
    }

    private var isPending: Bool { sent < ready }

    /// Whether silence lets some of what is held go.
    var waitsForSilence: Bool { !isPending && releasable > 0 }

    private var releasable: Int { min(end - ready, MaskedStream.shownEarly - (matcher.begun - (end - ready))) }

    var watched: ckernel_watched {
        if isPending { return ckernel_watched(fd: target, events: Int16(POLLOUT), revents: 0) }
        return ckernel_watched(fd: hasEnded ? -1 : source, events: Int16(POLLIN), revents: 0)
    }

    /// Writes or reads, whichever it waits for, once.
    mutating func advance() {
        if isPending { write() } else if !hasEnded { _ = read() }
    }

    mutating func release() {
        if waitsForSilence { ready += releasable }
    }

    /// Passes on everything that is there now, also what is held: the command has ended.
    mutating func finish() {
        pass()
        ready = end
        writeAll()
    }

    /// Passes on everything that is there now but what is held: the command has stopped.
    mutating func pass() {
        repeat { writeAll() } while !hasEnded && read()
    }

    private mutating func writeAll() {
        while isPending {
            _ = ckernel_exec_wait(target, Int16(POLLOUT), Int64.max)
            write()
        }
    }

    /// Reads what is there; false where there is nothing.
    private mutating func read() -> Bool {
        let got = ckernel_mask_read(source, room + end, MaskedStream.chunk)
        guard got != -Int64(EAGAIN) else { return false }
        if got <= 0 { stop() }
        for _ in 0..<max(0, got) {
            let found = matcher.take(room[end])
            end += 1
            for position in max(0, end - found)..<end { room[position] = UInt8(ascii: "*") }
        }
        ready = hasEnded ? end : max(ready, end - matcher.begun)
        return true
    }

    private mutating func write() {
        let written = ckernel_mask_write(target, room + sent, min(ready - sent, MaskedStream.write))
        if written > 0 { sent += Int(written) }
        if written < 0, written != -Int64(EAGAIN) {
            // Nobody reads any more: the command is told as it would be without the mask.
            stop()
            (end, ready, sent) = (0, 0, 0)
        }
        guard !isPending else { return }
        room.update(from: room + ready, count: end - ready)
        (end, ready, sent) = (end - ready, 0, 0)
    }

    private mutating func stop() {
        if !hasEnded { ckernel_exec_close(source) }
        hasEnded = true
    }
}
