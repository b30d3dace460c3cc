// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// A child process of the supervisor that speaks to the server and ends with one word.
///
/// So the supervisor holds no connection and no value, and waits for nothing but signals. An attendant ends with its
/// parent, and no signal of the terminal reaches it.
struct Attendant {
    /// What an attendant ends with.
    enum Word: Int32 {
        /// The environment is in the delivery.
        case delivered = 0
        /// The command is to be signaled.
        case signal = 10
        /// There is nothing to wait for any more.
        case over = 11
        /// No environment now; later perhaps.
        case later = 12
        /// No environment, and none later: the reason has been told.
        case refused = 125
    }

    private(set) var start: Start
    let launch: Launch
    /// What the command's last environment was called, shared with the supervisor and the attendants after this one.
    let seen: SharedText

    private static let firstPause: Int64 = 100
    private static let longestPause: Int64 = 60_000

    /// Fetches an environment for a command that does not run; `previous` has ended.
    mutating func fetch(into delivery: Delivery, previous: Text) -> Word {
        start.end(previous)
        do throws(Failure) {
            try renewAndFetch(into: delivery)
            return .delivered
        } catch {
            error.report("error")
            return error.canPass ? .later : .refused
        }
    }

    /// Waits for changes, and fetches where one restarts the command.
    ///
    /// Whatever fails here leaves the command as it is.
    mutating func watch(_ receipt: Text, into delivery: Delivery) -> Word {
        var pause = Attendant.firstPause
        var isLost = false
        while true {
            switch start.change(of: receipt, seen: seen.text) {
            case .none:
                pause = Attendant.firstPause
            case .values(let environment, let names):
                pause = Attendant.firstPause
                if case .restart = launch.options.supervision.onChange {
                    note("the vault has other values; restarting: \(names)")
                    if replace(into: delivery) { return .delivered }
                    break
                }
                seen.set(environment)
                if case .signal = launch.options.supervision.onChange {
                    note("the vault has other values; signaling: \(names)")
                    return .signal
                }
                note("the vault has other values, which a restart takes: \(names)")
            case .restart:
                note("a restart was asked for")
                if replace(into: delivery) { return .delivered }
            case .over(let failure):
                failure.report("warning")
                return .over
            case .unknown(let failure):
                if !isLost { failure.report("warning") }
                isLost = true
                ckernel_exec_sleep(Start.jittered(pause))
                pause = min(pause * 2, Attendant.longestPause)
                continue
            }
            if isLost { note("connected again") }
            isLost = false
        }
    }

    /// Fetches for a command that runs; where that fails the command stays, and after a pause the server is asked again.
    private mutating func replace(into delivery: Delivery) -> Bool {
        do throws(Failure) {
            try renewAndFetch(into: delivery)
            return true
        } catch {
            Failure(code: error.code, message: "\(error.message); the running command stays").report("warning")
            ckernel_exec_sleep(Start.jittered(Attendant.retryPause))
            return false
        }
    }

    /// Says that the process of `receipt` has ended.
    mutating func end(_ receipt: Text) { start.end(receipt) }

    private static let retryPause: Int64 = 10_000

    private mutating func renewAndFetch(into delivery: Delivery) throws(Failure) {
        try start.renew()
        let answer = try start.fetch()
        do throws(Failure) {
            _ = try launch.prepare(answer?.strings ?? [])
            try delivery.write(answer)
        } catch {
            // Given, and never run.
            start.end(answer?.receipt ?? "")
            throw error
        }
    }

    private func note(_ text: Message) {
        if !launch.options.isQuiet { Message("note: \(text)").print() }
    }
}

/// A short text in a page that parent and children share.
struct SharedText {
    private let page: UnsafeMutablePointer<UInt8>

    init() throws(Failure) {
        guard let page = ckernel_supervise_shared_page() else {
            throw Failure(code: "out_of_memory", message: "no memory")
        }
        self.page = page.assumingMemoryBound(to: UInt8.self)
    }

    var text: Text { Text(UnsafeBufferPointer(start: page + 1, count: Int(page[0]))) }

    /// At most 255 bytes; a longer text counts as none.
    func set(_ text: Text) {
        page[0] = 0
        guard text.count <= 255 else { return }
        for (position, byte) in text.bytes.enumerated() { page[position + 1] = byte }
        page[0] = UInt8(text.count)
    }
}
