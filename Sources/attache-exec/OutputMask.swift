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
    /// The supervisor says that the command has ended, and is told that all of its output has been passed on.
    private let ending: (reading: Int32, writing: Int32)
    private let passed: (reading: Int32, writing: Int32)

    private static let silence: Int64 = 100
    private static let endLimit: Int64 = 10_000

    /// Whether the command has a terminal of its own.
    var hasKeys: Bool { keys != nil }

    init() throws(Failure) {
        ending = try OutputMask.pipe()
        passed = try OutputMask.pipe()
        if ckernel_mask_is_terminal(0) == 1, ckernel_mask_is_terminal(1) == 1, ckernel_supervise_terminal() >= 0 {
            let ends = try OutputMask.terminal(like: 0, isPlain: false)
            keys = (0, ends.reading, ends.writing)
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
        ckernel_exec_close(ending.reading)
        ckernel_exec_close(passed.writing)
        if let keys { ckernel_mask_take_keys(keys.terminal) }
    }

    func changeSize() {
        if let keys { ckernel_mask_copy_size(keys.terminal, keys.reading) }
    }

    /// Waits until everything that the command has written is where it belongs.
    func end() {
        var byte: UInt8 = 1
        ckernel_exec_write(ending.writing, &byte, 1)
        _ = ckernel_exec_read(passed.reading, &byte, 1, ckernel_exec_now() + OutputMask.endLimit)
        ckernel_exec_close(ending.writing)
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
            ckernel_mask_place(keys.writing, 0)
        }
        for way in ways { ckernel_mask_place(way.writing, way.number) }
        if let shared { ckernel_mask_place(shared.writing, shared.number) }
    }

    // MARK: The process that reads

    func read(_ values: [[UInt8]]) -> Never {
        for way in ways { ckernel_exec_close(way.writing) }
        ckernel_exec_close(ending.writing)
        ckernel_exec_close(passed.reading)
        var streams = ways.map { MaskedStream(from: $0.reading, to: $0.number, values) }
        var typed = keys.map { KeyStream(from: $0.terminal, to: $0.reading) }
        var isOver = false
        while streams.contains(where: { !$0.hasEnded || $0.waitsForSilence }) {
            var watched = streams.map { $0.watched }
            watched.append(ckernel_watched(fd: isOver ? -1 : ending.reading, events: Int16(POLLIN), revents: 0))
            if let typed { watched.append(typed.watched) }
            let isHeld = streams.contains { $0.waitsForSilence }
            let deadline = isHeld ? ckernel_exec_now() + OutputMask.silence : Int64.max
            let count = watched.count
            watched.withUnsafeMutableBufferPointer { buffer in
                if let start = buffer.baseAddress { ckernel_forward_wait(start, count, deadline) }
            }
            var isSilent = true
            for position in streams.indices where watched[position].revents != 0 {
                streams[position].advance()
                isSilent = false
            }
            if isSilent { for position in streams.indices { streams[position].release() } }
            if count > streams.count + 1, watched[count - 1].revents != 0 { typed?.advance() }
            if watched[streams.count].revents != 0 {
                for position in streams.indices { streams[position].finish() }
                (isOver, typed) = (true, nil)
                var byte: UInt8 = 1
                ckernel_exec_write(passed.writing, &byte, 1)
            }
        }
        for position in streams.indices { streams[position].finish() }
        ckernel_exec_exit(0)
    }
}

/// Keys on their way to the command's terminal.
private struct KeyStream {
    private let source: Int32
    private let target: Int32
    private var held: [UInt8] = []
    private var hasEnded = false

    init(from source: Int32, to target: Int32) {
        self.source = source
        self.target = target
    }

    var watched: ckernel_watched {
        if !held.isEmpty { return ckernel_watched(fd: target, events: Int16(POLLOUT), revents: 0) }
        return ckernel_watched(fd: hasEnded ? -1 : source, events: Int16(POLLIN), revents: 0)
    }

    mutating func advance() {
        if held.isEmpty {
            var bytes = [UInt8](repeating: 0, count: 1024)
            let got = bytes.withUnsafeMutableBytes { buffer in
                buffer.baseAddress.map { ckernel_mask_read(source, $0, buffer.count) } ?? 0
            }
            hasEnded = got <= 0
            held = Array(bytes[0..<max(0, Int(got))])
        } else {
            let written = held.withUnsafeBytes { buffer in
                buffer.baseAddress.map { ckernel_mask_write(target, $0, buffer.count) } ?? 0
            }
            held.removeFirst(written > 0 ? Int(written) : written == -Int64(EAGAIN) ? 0 : held.count)
        }
    }
}
