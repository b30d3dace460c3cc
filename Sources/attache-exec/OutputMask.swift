// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// `--mask-output`: what stands between a command's standard streams and the wrapper's own.
///
/// A pipe for a pipe or a file, a terminal for a terminal. Where the command would have the terminal to itself, it gets
/// one of its own with a session, and keys and sizes are passed on: programs that draw work as they do. The process that
/// reads is forked for each start, knows the values, and ends when nobody can write to it any more.
struct OutputMask {
    private struct Way {
        let number: Int32
        let reading: Int32
        let writing: Int32
    }

    private var ways: [Way] = []
    /// Numbers of the command's descriptors that lead where another one leads.
    private var shared: (number: Int32, writing: Int32)?
    /// The terminal whose keys are passed on, the side that is read of the command's own, and the command's side.
    private var keys: (terminal: Int32, reading: Int32, writing: Int32)?
    /// The supervisor says what has become of the command, and is told that all of its output has been passed on.
    private let orders: (reading: Int32, writing: Int32)
    private let passed: (reading: Int32, writing: Int32)
    /// The same to who stands by the command's own terminal, where somebody could continue a command that stops.
    private var group: (reading: Int32, writing: Int32)?

    private static let silence: Int64 = 100
    private static let endLimit: Int64 = 10_000
    private static let groupLimit: Int64 = 1_000

    /// Whether the command has a terminal of its own.
    var hasKeys: Bool { keys != nil }

    init() throws(Failure) {
        orders = try OutputMask.pipe()
        passed = try OutputMask.pipe()
        if ckernel_mask_is_terminal(0) == 1, ckernel_mask_is_terminal(1) == 1, ckernel_supervise_terminal() >= 0 {
            let ends = try OutputMask.terminal(like: 0, isPlain: false)
            keys = (0, ends.reading, ends.writing)
            if ckernel_supervise_may_stop() == 1 { group = try OutputMask.pipe() }
            ways.append(Way(number: 1, reading: ends.reading, writing: ends.writing))
            if ckernel_mask_is_terminal(2) == 1 {
                shared = (2, ends.writing)
            } else {
                ways.append(try OutputMask.way(2))
            }
        } else {
            ways.append(try OutputMask.way(1))
            if ckernel_mask_is_same(1, 2) == 1 {
                shared = (2, ways[0].writing)
            } else {
                ways.append(try OutputMask.way(2))
            }
        }
    }

    private static func way(_ number: Int32) throws(Failure) -> Way {
        let isTerminal = ckernel_mask_is_terminal(number) == 1
        let ends = try isTerminal ? terminal(like: number, isPlain: true) : pipe()
        ckernel_forward_unblock(ends.reading)
        return Way(number: number, reading: ends.reading, writing: ends.writing)
    }

    private static func pipe() throws(Failure) -> (reading: Int32, writing: Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let error = withUnsafeMutablePointer(to: &ends) {
            $0.withMemoryRebound(to: Int32.self, capacity: 2) { ckernel_supervise_pipe($0) }
        }
        guard error == 0 else { throw Failure(code: "mask_refused", message: Message(error: -error)) }
        return ends
    }

    private static func terminal(like number: Int32, isPlain: Bool) throws(Failure) -> (reading: Int32, writing: Int32)
    {
        var ends: (Int32, Int32) = (-1, -1)
        let error = withUnsafeMutablePointer(to: &ends) {
            $0.withMemoryRebound(to: Int32.self, capacity: 2) {
                ckernel_mask_open_terminal(number, isPlain ? 1 : 0, $0)
            }
        }
        guard error == 0 else {
            throw Failure(code: "mask_refused", message: "no terminal for the command: \(Message(error: -error))")
        }
        return ends
    }

    // MARK: The supervisor

    /// Begins to pass keys on, and leaves the command's ends to the command.
    func begin() {
        for way in ways { ckernel_exec_close(way.writing) }
        for way in ways where way.reading != keys?.reading { ckernel_exec_close(way.reading) }
        ckernel_exec_close(orders.reading)
        ckernel_exec_close(passed.writing)
        if let group { ckernel_exec_close(group.reading) }
        if let keys { ckernel_mask_take_keys(keys.terminal) }
    }

    func changeSize() {
        if let keys { ckernel_mask_copy_size(keys.terminal, keys.reading) }
    }

    /// Leaves the terminal to somebody else, as it was: the command has stopped, and what it has written is shown.
    func pause() {
        tell(CKERNEL_MASK_PAUSE)
        if let keys { ckernel_mask_give_keys_back(keys.terminal) }
    }

    /// Takes the terminal as it is now; the wrapper has its foreground again.
    func resume() {
        guard let keys else { return }
        ckernel_mask_take_keys(keys.terminal)
        changeSize()
        tell(CKERNEL_MASK_RESUME)
    }

    private func tell(_ order: ckernel_mask_order) {
        if let group { tell(order, group.writing, limit: OutputMask.groupLimit) }
        tell(order, orders.writing, limit: OutputMask.endLimit)
    }

    /// Waits for the answer, since what follows rests on it.
    private func tell(_ order: ckernel_mask_order, _ writing: Int32, limit: Int64) {
        var byte = UInt8(order.rawValue)
        ckernel_exec_write(writing, &byte, 1)
        _ = ckernel_exec_read(passed.reading, &byte, 1, ckernel_exec_now() + limit)
    }

    /// Waits until everything that the command has written is where it belongs.
    func end() {
        if let group {
            // Gone without an answer: from then on nothing keeps the command's terminal open but what it has left behind.
            var byte = UInt8(CKERNEL_MASK_END.rawValue)
            ckernel_exec_write(group.writing, &byte, 1)
            ckernel_exec_close(group.writing)
        }
        tell(CKERNEL_MASK_END, orders.writing, limit: OutputMask.endLimit)
        ckernel_exec_close(orders.writing)
        ckernel_exec_close(passed.reading)
        if let keys {
            ckernel_mask_give_keys_back(keys.terminal)
            ckernel_exec_close(keys.reading)
        }
    }

    // MARK: The command

    /// Gives the calling child its ends.
    func place() {
        if let keys {
            ckernel_mask_lead(keys.writing)
            if let group {
                ckernel_mask_join(keys.writing, ckernel_mask_pipe(reading: group.reading, told: passed.writing))
            }
            ckernel_mask_place(keys.writing, 0)
        }
        for way in ways { ckernel_mask_place(way.writing, way.number) }
        if let shared { ckernel_mask_place(shared.writing, shared.number) }
    }

    // MARK: The process that reads

    func read(_ values: [[UInt8]]) -> Never {
        for way in ways { ckernel_exec_close(way.writing) }
        ckernel_exec_close(orders.writing)
        ckernel_exec_close(passed.reading)
        if let group {
            ckernel_exec_close(group.reading)
            ckernel_exec_close(group.writing)
        }
        var streams = ways.map { MaskedStream(from: $0.reading, to: $0.number, values) }
        var typed = keys.map { KeyStream(from: $0.terminal, to: $0.reading, mayStop: group != nil) }
        var isOver = false
        while streams.contains(where: { !$0.hasEnded || $0.waitsForSilence }) {
            var watched = streams.map { $0.watched }
            watched.append(ckernel_watched(fd: isOver ? -1 : orders.reading, events: Int16(POLLIN), revents: 0))
            if let typed { watched.append(typed.watched) }
            let isHeld = streams.contains { $0.waitsForSilence }
            let deadline = isHeld ? ckernel_exec_now() + OutputMask.silence : Int64.max
            let count = watched.count
            watched.withUnsafeMutableBufferPointer { buffer in
                if let start = buffer.baseAddress {
                    ckernel_forward_wait(start, count, min(deadline, typed?.resumesAt ?? Int64.max))
                }
            }
            var isSilent = true
            for position in streams.indices where watched[position].revents != 0 {
                streams[position].advance()
                isSilent = false
            }
            if isSilent { for position in streams.indices { streams[position].release() } }
            if count > streams.count + 1, watched[count - 1].revents != 0 { typed?.advance() }
            if watched[streams.count].revents != 0 { obey(&streams, &typed, &isOver) }
        }
        for position in streams.indices { streams[position].finish() }
        ckernel_exec_exit(0)
    }

    private func obey(_ streams: inout [MaskedStream], _ typed: inout KeyStream?, _ isOver: inout Bool) {
        var byte: UInt8 = 0
        // Without an order the supervisor is gone.
        let got = ckernel_mask_read(orders.reading, &byte, 1)
        switch got > 0 ? UInt32(byte) : CKERNEL_MASK_END.rawValue {
        case CKERNEL_MASK_PAUSE.rawValue:
            for position in streams.indices { streams[position].pass() }
            typed?.isPaused = true
        case CKERNEL_MASK_RESUME.rawValue: typed?.isPaused = false
        default:
            for position in streams.indices { streams[position].finish() }
            (isOver, typed) = (true, nil)
        }
        ckernel_exec_write(passed.writing, &byte, 1)
    }
}

/// Keys on their way to the command's terminal.
private struct KeyStream {
    private let source: Int32
    private let target: Int32
    private let mayStop: Bool
    private var held: [UInt8] = []
    private var hasEnded = false
    private var stopAwaitedUntil: Int64 = 0
    /// Whether the keys are somebody else's for now.
    var isPaused = false {
        didSet { stopAwaitedUntil = 0 }
    }

    private static let stopLimit: Int64 = 100

    init(from source: Int32, to target: Int32, mayStop: Bool) {
        self.source = source
        self.target = target
        self.mayStop = mayStop
    }

    /// When keys are read again though nothing has stopped.
    var resumesAt: Int64 { isAwaitingStop ? stopAwaitedUntil : Int64.max }

    private var isAwaitingStop: Bool { stopAwaitedUntil > ckernel_exec_now() }

    var watched: ckernel_watched {
        if isPaused || (isAwaitingStop && held.isEmpty) {
            return ckernel_watched(fd: -1, events: Int16(POLLIN), revents: 0)
        }
        if !held.isEmpty { return ckernel_watched(fd: target, events: Int16(POLLOUT), revents: 0) }
        return ckernel_watched(fd: hasEnded ? -1 : source, events: Int16(POLLIN), revents: 0)
    }

    mutating func advance() {
        if held.isEmpty {
            // What is typed after the key that stops the command is for the shell, which takes it from the terminal itself.
            let stopKey = mayStop ? ckernel_mask_stop_key(target) : -1
            var bytes = [UInt8](repeating: 0, count: stopKey >= 0 ? 1 : 1024)
            let got = bytes.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { ckernel_mask_read(source, $0, buffer.count) } ?? 0
            }
            hasEnded = got <= 0
            held = Array(bytes[0..<max(0, Int(got))])
            if got == 1, Int32(bytes[0]) == stopKey {
                stopAwaitedUntil = ckernel_exec_now() + KeyStream.stopLimit
            }
        } else {
            let written = held.withUnsafeBytes { buffer in
                buffer.baseAddress.map { ckernel_mask_write(target, $0, buffer.count) } ?? 0
            }
            held.removeFirst(written > 0 ? Int(written) : written == -Int64(EAGAIN) ? 0 : held.count)
        }
    }
}
