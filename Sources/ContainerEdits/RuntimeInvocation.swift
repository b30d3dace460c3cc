// SPDX-License-Identifier: Apache-2.0

/// What a container engine asks its OCI runtime to do, as far as its command line tells.
///
/// Only read, never rewritten: the real runtime gets the arguments as they came.
package struct RuntimeInvocation: Equatable, Sendable {
    /// Such as `create`; nil where there is none, as in `--version`.
    package private(set) var command: String?
    /// How many arguments stand before the command.
    package private(set) var flagCount: Int
    /// Where the runtime is told to keep its state; nil for its own place.
    package private(set) var root: String?
    /// The bundle's folder that `create` or `run` was told; nil for the current one.
    package private(set) var bundle: String?
    /// The container's id: the first argument of a command that is no flag.
    package private(set) var container: String?
    /// The file that the pid of the container's first process is to be written to.
    package private(set) var pidFile: String?
    /// Where errors are to be written as well, and whether as JSON.
    package private(set) var log: String?
    package private(set) var isLogJSON = false
    /// Whether the command only explains itself.
    package private(set) var asksForHelp = false

    /// Whether the invocation is about to make a container out of a bundle.
    package var makesContainer: Bool { (command == "create" || command == "run") && !asksForHelp }

    /// Reads the arguments after the program's name.
    ///
    /// Knows which flags of runc and of crun take a value.
    package init(_ arguments: [String]) {
        var rest = arguments[...]
        flagCount = arguments.count
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("-"), argument != "-", argument != "--" else {
                if argument == "--" { continue }
                if command == nil {
                    command = argument
                    flagCount = rest.startIndex - 1
                } else if container == nil {
                    container = argument
                }
                continue
            }
            let dashes = argument.hasPrefix("--") ? 2 : 1
            let parts = argument.dropFirst(dashes).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts.first ?? "")
            var value = parts.count == 2 ? String(parts[1]) : nil
            let takesValue = command == nil ? Self.globalFlags.contains(name) : Self.createFlags.contains(name)
            if takesValue, value == nil { value = rest.popFirst() }
            switch name {
            case "root": if command == nil { root = value }
            case "log": if command == nil { log = value }
            case "log-format": if command == nil { isLogJSON = value == "json" }
            case "bundle", "b": bundle = value
            case "pid-file": pidFile = value
            case "help", "h", "?", "usage": asksForHelp = true
            default: break
            }
        }
    }

    private static let globalFlags: Set = [
        "log", "log-format", "log-level", "root", "criu", "rootless", "cgroup-manager",
    ]

    private static let createFlags: Set = [
        "bundle", "b", "console-socket", "pid-file", "preserve-fds", "config", "f", "root", "log",
    ]
}
