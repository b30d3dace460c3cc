// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Facts about the machine that a reader of the numbers needs.
enum Machine {
    static var cores: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    /// The load average of the last minute: whether neighbours share the cores.
    static var load: String {
        let text = (try? contents(of: "/proc/loadavg")) ?? ""
        return "load \(text.split(separator: " ").first ?? "unknown")"
    }

    /// Monotonic time in seconds.
    static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Processor time of this process, in seconds.
    static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The type and the device of the file system that holds `path`, from proc_pid_mountinfo(5).
    static func fileSystem(of path: String) -> (type: String, device: String) {
        var best = (length: -1, type: "unknown", device: "unknown")
        for line in ((try? contents(of: "/proc/self/mountinfo")) ?? "").split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let dash = fields.firstIndex(of: "-"), fields.count > dash + 2, fields.count > 4 else { continue }
            let mount = fields[4]
            let holds = mount == "/" || path == mount || path.hasPrefix("\(mount)/")
            guard holds, mount.count >= best.length else { continue }
            best = (mount.count, String(fields[dash + 1]), String(fields[dash + 2]))
        }
        return (best.type, best.device)
    }

    /// Reads a file whole, also one of `/proc`, whose size is not known before.
    static func contents(of path: String) throws(BenchmarkError) -> String {
        String(decoding: try bytes(of: path), as: UTF8.self)
    }

    static func bytes(of path: String) throws(BenchmarkError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .system("open \(path)", errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(file, &chunk, chunk.count)
            guard count >= 0 else { throw .system("read \(path)", errno) }
            guard count > 0 else { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// The first executable file of that name in `PATH`.
    static func find(_ program: String) -> String? {
        let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
        return folders.split(separator: ":").map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 }
    }
}

/// Why a measurement could not be taken.
enum BenchmarkError: Error, Equatable, CustomStringConvertible {
    /// A system call failed with an errno.
    case system(String, Int32)
    /// A built program is missing.
    case missing(String)
    /// A program ended, or did not say that it is ready; with the end of what it wrote to stderr.
    case notReady(String, log: String)
    case programFailed(String, log: String)
    /// An answer that no correct server gives.
    case unexpectedAnswer(String, status: Int, code: String)
    case malformedAnswer(String)
    case timedOut(String)

    var description: String {
        switch self {
        case .system(let call, let number): "\(call): \(String(cString: strerror(number)))"
        case .missing(let path): "\(path) is missing; make bench builds it"
        case .notReady(let program, let log): "\(program) did not become ready: \(log)"
        case .programFailed(let program, let log): "\(program) failed: \(log)"
        case .unexpectedAnswer(let request, let status, let code): "\(request): \(status) \(code)"
        case .malformedAnswer(let what): what
        case .timedOut(let what): "\(what) took too long"
        }
    }
}
