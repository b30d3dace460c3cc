// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What the kernel tells of a process (proc(5)), read at one time.
package struct ProcessFacts: Equatable, Sendable {
    package let pid: Int32
    /// When it began, in clock ticks since the machine did: with the pid it names one process for as long as that runs.
    package let start: Int64
    /// `/proc/PID/cgroup`: `HIERARCHY:CONTROLLERS:PATH`, a line for each hierarchy, as this process's namespace sees it.
    let cgroups: [Substring]

    package init(pid: Int32, start: Int64, cgroups: String) {
        self.pid = pid
        self.start = start
        self.cgroups = cgroups.split(separator: "\n")
    }

    /// Reads them; nil where there is no such process, or it may not be seen.
    package init?(pid: Int32) {
        guard pid > 0, let start = Self.start(of: pid), let cgroups = Self.text(of: "/proc/\(pid)/cgroup") else {
            return nil
        }
        self.init(pid: pid, start: start, cgroups: cgroups)
        // Had it ended meanwhile, the groups might be another's.
        guard Self.start(of: pid) == start else { return nil }
    }

    /// The lines whose path names the container, sorted; empty where the process is in no group of it.
    ///
    /// Engines call the last group, or the one above it, by the id itself, or put it behind a dash:
    /// `/docker/ID`, `/system.slice/docker-ID.scope`, `/machine.slice/libpod-ID.scope/container`,
    /// `/kubepods/…/cri-containerd-ID.scope`.
    func membership(naming container: String) -> String {
        cgroups.filter { line in
            Self.parts(of: line).contains { $0 == container || $0.hasSuffix("-\(container)") }
        }.sorted().joined(separator: "\n")
    }

    /// Every id that a container of this process could have.
    var candidates: Set<String> {
        var found: Set<String> = []
        for part in Set(cgroups.flatMap(Self.parts)) where !part.isEmpty {
            found.insert(String(part))
            for dash in part.indices where part[dash] == "-" { found.insert(String(part[part.index(after: dash)...])) }
        }
        found.remove("")
        return found.count <= 128 ? found : []
    }

    private static func parts(of line: Substring) -> [Substring] {
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { return [] }
        return fields[2].split(separator: "/").map { $0.hasSuffix(".scope") ? $0.dropLast(".scope".count) : $0 }
    }

    /// Field 22 of `/proc/PID/stat`; the second field is a name that may hold anything, in parentheses.
    private static func start(of pid: Int32) -> Int64? {
        guard let text = text(of: "/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        // A zombie runs nothing any more.
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return Int64(fields[19])
    }

    fileprivate static func text(of path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while bytes.count < 64 << 10 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { return nil }
            guard count > 0 else { break }
            bytes += buffer[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The process at the other end of a Unix socket, as the kernel vouches for it.
package struct PeerProcess: Sendable {
    package let facts: ProcessFacts
    /// Whether a pidfd of the process that connected proves that the facts are its own (`SO_PEERPIDFD`, Linux 6.5).
    package let isHeld: Bool

    package init(facts: ProcessFacts, isHeld: Bool) {
        self.facts = facts
        self.isHeld = isHeld
    }
}

/// The processes of a machine; a test has its own.
package struct ProcessTable: Sendable {
    /// The id of the machine's boot: a process of another one has ended.
    package var boot: String
    /// What is known of a process; nil where there is none that runs, or none that may be seen.
    package var facts: @Sendable (Int32) -> ProcessFacts?
    /// Whether the kernel says that there is no such process.
    package var hasNone: @Sendable (Int32) -> Bool
    /// Has the closure called once, when the process ends; nil where it cannot be watched.
    package var watch: @Sendable (Int32, @escaping @Sendable () -> Void) -> ProcessWatch?

    package init(
        boot: String,
        facts: @escaping @Sendable (Int32) -> ProcessFacts?,
        hasNone: @escaping @Sendable (Int32) -> Bool,
        watch: @escaping @Sendable (Int32, @escaping @Sendable () -> Void) -> ProcessWatch? = { _, _ in nil }
    ) {
        self.boot = boot
        self.facts = facts
        self.hasNone = hasNone
        self.watch = watch
    }

    /// This machine's.
    package static let machine = ProcessTable(
        boot: ProcessFacts.text(of: "/proc/sys/kernel/random/boot_id")?.split(separator: "\n").first.map(String.init)
            ?? "",
        facts: { ProcessFacts(pid: $0) },
        hasNone: { kill($0, 0) != 0 && errno == ESRCH || isZombie($0) },
        watch: { ProcessWatch(pid: $0, whenEnded: $1) }
    )

    /// Whether the process has ended and only its parent has not taken note.
    private static func isZombie(_ pid: Int32) -> Bool {
        guard let text = ProcessFacts.text(of: "/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
            return false
        }
        let state = text[text.index(after: end)...].split(separator: " ").first
        return state == "Z" || state == "X"
    }
}
