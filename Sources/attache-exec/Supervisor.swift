// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The parent of the command: passes signals on, reaps, restarts, and ends as the command ended.
///
/// Waits for signals and nothing else; what speaks to the server is an ``Attendant``. There is always at most one of
/// them, and it is gone before the command's end is acted upon.
struct Supervisor {
    private let launch: Launch
    private let start: Start
    private let receipt: SharedText
    private let seen: SharedText
    private let parent = ckernel_supervise_pid()

    private var command: Int32 = 0
    private var terminal: Int32 = -1
    /// Whether the command was given the terminal, its own or the wrapper's, and has not stopped since.
    private var hasForeground = false
    /// What the command's output goes through, with `--mask-output` only.
    private var mask: OutputMask?
    private var commandStartedAt: Int64 = 0

    /// Serves the port of `--forward`, in a process of its own that outlives the command.
    private var forwarder: Forwarder?
    private var forwarderProcess: Int32 = 0
    /// When one that was ended from outside is followed by another.
    private var forwardAt = Int64.max

    private var attendant: Int32 = 0
    /// Where the attendant writes.
    private var coming: Delivery?
    /// What the command takes when it has stopped.
    private var next: Delivery?
    /// What the command was given last, with `--cache` only.
    private var kept: Delivery?

    /// When the stop of the command is no longer waited for.
    private var stopDeadline = Int64.max
    /// When a command that ended is started again, or a watch that was lost.
    private var resumeAt = Int64.max
    private var pause = Supervisor.firstPause
    /// Whether somebody asked for the end: the command is not started again.
    private var isEnding = false
    private var isFirst = true

    private static let firstPause: Int64 = 100
    private static let longestPause: Int64 = 30_000
    /// After so long a run a command that ends counts as one that had worked.
    private static let goodRun: Int64 = 10_000
    private static let endLimit: Int64 = 1_500

    private var options: Supervision { launch.options.supervision }

    init(_ launch: Launch, _ start: Start) throws(Failure) {
        self.launch = launch
        self.start = start
        receipt = try SharedText()
        seen = try SharedText()
        if let port = launch.options.supervision.forwardPort { forwarder = try Forwarder(port: port, to: start.server) }
    }

    mutating func run() throws(Failure) -> Never {
        ckernel_supervise_begin()
        try forward()
        try fetch()
        while true {
            let signal = ckernel_supervise_wait(min(stopDeadline, resumeAt, forwardAt))
            switch signal.number {
            case 0: try passDeadline()
            case SIGCHLD:
                if signal.code <= 0 { pass(signal) }
                try reap()
            default: pass(signal)
            }
        }
    }

    // MARK: Signals

    private mutating func pass(_ signal: ckernel_signal) {
        let asksForEnd = signal.number == SIGTERM || signal.number == SIGINT
        guard command > 0 else {
            // As the wrapper does while it fetches; a signal that was inherited as ignored is none.
            if (asksForEnd || signal.number == SIGHUP), ckernel_exec_is_ignored(signal.number) == 0 {
                dismissAttendant()
                ckernel_exec_exit(128 + signal.number)
            }
            let isStop = signal.number == SIGTSTP && ckernel_exec_is_ignored(SIGTSTP) == 0
            if isStop, ckernel_supervise_may_stop() == 1 { ckernel_supervise_stop(SIGTSTP) }
            return
        }
        if signal.number == SIGWINCH, let mask, mask.hasKeys { return mask.changeSize() }
        let hadForeground = hasForeground
        // A shell tells nobody that a job which runs in the background is in the foreground now, but the keys do.
        if signal.number == SIGCONT || (!hadForeground && signal.code > 0) { comeForward() }
        // The terminal has signaled the command by itself.
        if terminal >= 0, hadForeground, signal.code > 0 { return }
        isEnding = isEnding || asksForEnd
        if hasForeground, !hadForeground, signal.code > 0 {
            // A key: it would have reached the whole group.
            ckernel_supervise_kill(-command, signal.number)
        } else {
            ckernel_supervise_send(command, signal)
        }
    }

    private mutating func passDeadline() throws(Failure) {
        let now = ckernel_exec_now()
        if stopDeadline <= now, command > 0 {
            stopDeadline = Int64.max
            ckernel_supervise_kill(-command, SIGKILL)
        }
        if forwardAt <= now { try forward() }
        if resumeAt <= now {
            resumeAt = Int64.max
            if command > 0 { try watch() } else { try fetch() }
        }
    }

    // MARK: Children

    private mutating func reap() throws(Failure) {
        while true {
            let child = ckernel_supervise_reap()
            if child.pid == 0 { return }
            if child.pid == command {
                if child.stop > 0 { commandStopped(by: child.stop) } else { try commandEnded(child) }
            } else if child.pid == attendant, child.stop == 0 {
                attendant = 0
                try attendantEnded(Attendant.Word(rawValue: child.code))
            } else if child.pid == forwarderProcess, child.stop == 0 {
                forwardAt = ckernel_exec_now() + 1_000
            }
        }
    }

    /// A shell above sees the stop as it would see the command's own, and continues both.
    private mutating func commandStopped(by signal: Int32) {
        if ckernel_supervise_may_stop() == 1 {
            // A command that was continued in the background may want the terminal before it is known that it is there again.
            let asksForTerminal = signal == SIGTTIN || signal == SIGTTOU
            if !asksForTerminal || hasForeground || ckernel_supervise_terminal() < 0 {
                mask?.pause()
                takeTerminal()
                ckernel_supervise_stop(signal)
            }
            comeForward()
            ckernel_supervise_kill(-command, SIGCONT)
        } else if signal == SIGTSTP {
            // Nobody could continue it: the kernel ignores the signal where there is no supervisor in between.
            ckernel_supervise_kill(-command, SIGCONT)
        }
    }

    /// Takes the terminal from the command, and from nobody else: in the background it is the shell's.
    private mutating func takeTerminal() {
        if hasForeground { ckernel_supervise_take_terminal(terminal) }
        hasForeground = false
    }

    /// Leaves the terminal to the command, where a shell has put the wrapper into its foreground.
    private mutating func comeForward() {
        let foreground = ckernel_supervise_terminal()
        guard foreground >= 0 else { return }
        hasForeground = true
        if let mask, mask.hasKeys { return mask.resume() }
        terminal = foreground
        ckernel_supervise_give_terminal(terminal, command)
    }

    private mutating func commandEnded(_ child: ckernel_child) throws(Failure) {
        let group = command
        command = 0
        stopDeadline = Int64.max
        resumeAt = Int64.max
        dismissAttendant()
        // From here on Ctrl-C is for the supervisor.
        let hadTerminal = terminal >= 0 || mask?.hasKeys == true
        mask?.end()
        mask = nil
        takeTerminal()
        let isInterrupted = hadTerminal && (child.signal == SIGINT || child.code == 128 + SIGINT)
        if isEnding || isInterrupted { end(child) }
        if let next {
            self.next = nil
            ckernel_supervise_kill(-group, SIGKILL)
            return try startCommand(next)
        }
        switch options.restart {
        case .never: end(child)
        case .onFailure where child.code == 0: end(child)
        case .onFailure, .always:
            ckernel_supervise_kill(-group, SIGKILL)
            if ckernel_exec_now() - commandStartedAt >= Supervisor.goodRun { pause = Supervisor.firstPause }
            tell("the command ended; starting it again", child)
            restartLater()
        }
    }

    private mutating func restartLater() {
        resumeAt = ckernel_exec_now() + Start.jittered(pause)
        pause = min(pause * 2, Supervisor.longestPause)
    }

    private mutating func attendantEnded(_ word: Attendant.Word?) throws(Failure) {
        let delivery = coming
        coming = nil
        if word != .delivered { delivery?.close() }
        if command > 0 {
            switch word {
            case .delivered:
                next = delivery
                stopDeadline = ckernel_exec_now() + Int64(options.stopSeconds) * 1000
                ckernel_supervise_kill(command, SIGTERM)
                ckernel_supervise_kill(command, SIGCONT)
            case .signal:
                if case .signal(let number) = options.onChange { ckernel_supervise_kill(command, number) }
                try watch()
            case .over: break
            case .later, .refused, nil:
                // Killed from outside: the command goes on, and somebody has to watch again.
                resumeAt = ckernel_exec_now() + 1_000
            }
            return
        }
        switch word {
        case .delivered:
            if let delivery { try startCommand(delivery) }
        case .later where !isFirst:
            if let kept {
                Message("warning: starting with the environment of the last start, which was kept").print()
                return try startCommand(kept)
            }
            restartLater()
        case nil where !isFirst: restartLater()
        case .later, .refused, .signal, .over, nil: ckernel_exec_exit(Failure.Status.ownFailure.rawValue)
        }
    }

    // MARK: The command

    private mutating func startCommand(_ delivery: Delivery) throws(Failure) {
        // Before the pipe below, whose end it would keep open.
        if options.masksOutput {
            let mask = try OutputMask()
            try startReading(mask, delivery)
            self.mask = mask
        }
        var ends: (Int32, Int32) = (-1, -1)
        let error = withUnsafeMutablePointer(to: &ends) {
            $0.withMemoryRebound(to: Int32.self, capacity: 2) { ckernel_supervise_pipe($0) }
        }
        guard error == 0 else { throw Failure(code: "no_process", message: Message(error: -error)) }
        terminal = mask?.hasKeys == true ? -1 : ckernel_supervise_terminal()
        let pid = ckernel_supervise_fork()
        if pid == 0 { become(delivery, telling: ends.1) }
        ckernel_exec_close(ends.1)
        mask?.begin()
        guard pid > 0 else { throw Failure(code: "no_process", message: Message(error: -pid)) }
        if mask?.hasKeys != true { ckernel_supervise_give_terminal(terminal, pid) }
        hasForeground = terminal >= 0 || mask?.hasKeys == true
        // Ends without a byte when the command has been started.
        var status: UInt8 = 0
        let told = ckernel_exec_read(ends.0, &status, 1, Int64.max)
        ckernel_exec_close(ends.0)
        if told > 0 {
            ckernel_supervise_take_terminal(terminal)
            _ = ckernel_supervise_reap_one(pid, Int64.max)
            mask?.end()
            endInstance()
            ckernel_exec_exit(Int32(status))
        }
        command = pid
        commandStartedAt = ckernel_exec_now()
        isFirst = false
        if options.cacheName == nil {
            delivery.close()
        } else {
            if let kept, kept != delivery { kept.close() }
            kept = delivery
        }
        try watch()
    }

    /// The child's part: becomes the command, or tells its status and ends.
    private func become(_ delivery: Delivery, telling descriptor: Int32) -> Never {
        mask?.place()
        ckernel_supervise_lead(terminal)
        let failure: Failure
        do throws(Failure) {
            let answer = try delivery.read()
            receipt.set(answer.receipt ?? "")
            seen.set("")
            failure = try launch.prepare(answer.strings).execute()
        } catch {
            failure = error
        }
        var status = UInt8(truncatingIfNeeded: failure.status.rawValue)
        ckernel_exec_write(descriptor, &status, 1)
        failure.end()
    }

    /// Forks the process through which the output goes.
    ///
    /// It outlives the supervisor where the command, or what it has started, does.
    private func startReading(_ mask: OutputMask, _ delivery: Delivery) throws(Failure) {
        let pid = ckernel_supervise_fork()
        guard pid >= 0 else { throw Failure(code: "no_process", message: Message(error: -pid)) }
        guard pid == 0 else { return }
        do throws(Failure) {
            let masked = MaskedValues.list(try delivery.read(), options.maskedNames)
            if !launch.options.isQuiet, !masked.tooShort.isEmpty {
                Message("note: too short to be masked: \(masked.tooShort)").print()
            }
            mask.read(masked.values)
        } catch {
            error.end()
        }
    }

    // MARK: Attendants

    private mutating func fetch() throws(Failure) {
        let delivery = try Delivery(named: options.cacheName ?? "attache")
        attendant = try fork { attendant, receipt in attendant.fetch(into: delivery, previous: receipt) }
        coming = delivery
    }

    private mutating func watch() throws(Failure) {
        guard !receipt.text.isEmpty else { return }
        let delivery = try Delivery(named: options.cacheName ?? "attache")
        attendant = try fork { attendant, receipt in attendant.watch(receipt, into: delivery) }
        coming = delivery
    }

    private func fork(_ work: (inout Attendant, Text) -> Attendant.Word) throws(Failure) -> Int32 {
        try fork {
            var attendant = Attendant(start: start, launch: launch, seen: seen)
            ckernel_exec_exit(work(&attendant, receipt.text).rawValue)
        }
    }

    /// A process of the wrapper's own, which ends with the supervisor.
    private func fork(_ work: () -> Never) throws(Failure) -> Int32 {
        let pid = ckernel_supervise_fork()
        guard pid >= 0 else { throw Failure(code: "no_process", message: Message(error: -pid)) }
        guard pid == 0 else { return pid }
        guard ckernel_supervise_serve(parent) == 0 else { ckernel_exec_exit(Attendant.Word.later.rawValue) }
        work()
    }

    private mutating func forward() throws(Failure) {
        forwardAt = Int64.max
        guard var forwarder else { return }
        forwarderProcess = try fork { forwarder.run() }
    }

    private mutating func dismissAttendant() {
        if attendant > 0 {
            ckernel_supervise_kill(attendant, SIGKILL)
            _ = ckernel_supervise_reap_one(attendant, Int64.max)
        }
        attendant = 0
        coming?.close()
        coming = nil
    }

    // MARK: The end

    /// Ends as the command did.
    private func end(_ child: ckernel_child) -> Never {
        endInstance()
        if child.signal > 0 { ckernel_supervise_die(child.signal) }
        ckernel_exec_exit(child.code)
    }

    /// Tells the server that the instance has ended, without waiting long for it.
    private func endInstance() {
        guard !receipt.text.isEmpty else { return }
        let pid = try? fork { attendant, receipt in
            attendant.end(receipt)
            return .over
        }
        if let pid { _ = ckernel_supervise_reap_one(pid, ckernel_exec_now() + Supervisor.endLimit) }
    }

    private func tell(_ text: Message, _ child: ckernel_child) {
        guard !launch.options.isQuiet else { return }
        let how: Message = child.signal > 0 ? "signal \(Int(child.signal))" : "exit code \(Int(child.code))"
        Message("note: \(text) (\(how))").print()
    }
}
