// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// What `--supervise` and the flags that go with it ask for.
struct Supervision {
    /// When a command that has ended is started again.
    enum Restart {
        case never, onFailure, always
    }

    /// What a change in the vault does to the command.
    enum OnChange {
        case report, restart
        case signal(Int32)
    }

    private(set) var isWanted = false
    private(set) var restart = Restart.never
    private(set) var onChange = OnChange.report
    private(set) var stopSeconds = 10
    /// The name of the file in memory that keeps the last environment, NUL-terminated; nil where none is kept.
    private(set) var cacheName: Text?
    private(set) var masksOutput = false
    /// The vault's names whose values are masked; empty for all.
    private(set) var maskedNames: [Text] = []
    /// The port of 127.0.0.1 that leads to the proxy; nil where none does.
    private(set) var forwardPort: Int?
    /// The flag, or the variable, that makes no sense without `--supervise`.
    private var dependent: Text?
    /// The flag that makes no sense with `--session`.
    private var flag: Text?

    static var flagsWithValue: [Text] { ["--restart", "--on-change", "--stop-timeout", "--cache", "--forward"] }

    static var variables: [(Text, Text)] {
        [
            ("ATTACHE_SUPERVISE", "--supervise"), ("ATTACHE_RESTART", "--restart"),
            ("ATTACHE_ON_CHANGE", "--on-change"), ("ATTACHE_STOP_TIMEOUT", "--stop-timeout"),
            ("ATTACHE_CACHE", "--cache"), ("ATTACHE_FORWARD", "--forward"),
            ("ATTACHE_MASK_OUTPUT", "--mask-output"),
        ]
    }

    /// Takes a flag that is one of these; false for any other.
    mutating func take(_ flag: Text, _ value: Text?, from source: Text) throws(Failure) -> Bool {
        switch flag {
        case "--supervise":
            isWanted = try Options.choice(value, source)
            if isWanted, source.hasPrefix("-") { self.flag = self.flag ?? source }
            return true
        case "--restart": restart = try Supervision.restart(value, source)
        case "--on-change": onChange = try Supervision.onChange(value, source)
        case "--stop-timeout": stopSeconds = try Options.seconds(value, source)
        case "--cache": cacheName = try Supervision.cacheName(value, source)
        case "--forward": forwardPort = try Supervision.port(value, source)
        case "--mask-output":
            masksOutput = true
            if let value, !["0", "1", "true", "false"].contains(value) {
                maskedNames += try Options.names(value, source)
            } else {
                masksOutput = try Options.choice(value, source)
            }
        default: return false
        }
        dependent = dependent ?? source
        if source.hasPrefix("-"), flag != "--forward" { self.flag = self.flag ?? source }
        return true
    }

    /// What a container's configuration says of its main process is not meant for a session in it, but for the port at
    /// which that process forwards.
    mutating func check(isSession: Bool) throws(Failure) {
        if isSession {
            if let flag { throw .usage("--session and \(flag) exclude each other") }
            let port = forwardPort
            self = Supervision()
            forwardPort = port
        } else if !isWanted, let dependent {
            throw .usage("\(dependent) takes effect only with --supervise")
        }
    }

    private static func port(_ text: Text?, _ source: Text) throws(Failure) -> Int {
        guard let port = text?.number, port >= 1, port <= 65_535 else {
            throw .usage("\(source) takes a port from 1 to 65535")
        }
        return port
    }

    private static func restart(_ text: Text?, _ source: Text) throws(Failure) -> Restart {
        switch text ?? "" {
        case "never": .never
        case "on-failure": .onFailure
        case "always": .always
        default: throw .usage("\(source) takes never, on-failure or always")
        }
    }

    private static func onChange(_ text: Text?, _ source: Text) throws(Failure) -> OnChange {
        if text == "report" { return .report }
        if text == "restart" { return .restart }
        if let name = text?.dropping("signal:"), let start = name.bytes.baseAddress {
            let number = ckernel_supervise_signal_number(start, name.count)
            if number > 0 { return .signal(number) }
        }
        throw .usage("\(source) takes report, restart or signal:NAME, such as signal:HUP")
    }

    private static func cacheName(_ text: Text?, _ source: Text) throws(Failure) -> Text {
        // The end of an argument or of an inherited string, so it has its NUL.
        guard let name = text?.dropping("memory:"), !name.isEmpty, name.count <= 200, name.isVisibleASCII else {
            throw .usage("\(source) takes memory:NAME")
        }
        return name
    }
}
