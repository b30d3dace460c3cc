// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// The folders of one run; ``remove()`` ends it.
///
/// `disk` lies beside the built programs, since the file system of a build folder is a disk where `/tmp` may be memory.
/// `sockets` is short, since the path of a socket has 107 bytes (unix(7)).
final class Workplace: Sendable {
    /// Where the programs under test are: `ATTACHE_BIN_DIR`, else beside this program.
    let programs: String
    let disk: String
    let sockets: String
    /// Nil where the machine has no tmpfs at `/dev/shm`.
    let memory: String?

    init() throws(BenchmarkError) {
        programs = try Self.programFolder()
        disk = try Self.makeFolder("\(programs)/bench-XXXXXX")
        sockets = try Self.makeFolder("/tmp/attache-bench-XXXXXX")
        memory =
            Machine.fileSystem(of: "/dev/shm").type == "tmpfs"
            ? try Self.makeFolder("/dev/shm/attache-bench-XXXXXX") : nil
    }

    var diskFileSystem: String {
        let (type, device) = Machine.fileSystem(of: disk)
        return "\(type) (\(device))"
    }

    /// Whether what is written to `disk` must reach a device before it is durable.
    var isOnDisk: Bool { !["tmpfs", "ramfs", "unknown"].contains(Machine.fileSystem(of: disk).type) }

    func program(_ name: String) throws(BenchmarkError) -> String {
        let path = "\(programs)/\(name)"
        guard access(path, X_OK) == 0 else { throw .missing(path) }
        return path
    }

    /// Makes a folder that only its owner reads.
    func folder(_ name: String, in parent: String) throws(BenchmarkError) -> String {
        let path = "\(parent)/\(name)"
        guard mkdir(path, 0o700) == 0 else { throw .system("mkdir \(path)", errno) }
        return path
    }

    func write(_ text: String, to path: String, mode: mode_t = 0o600) throws(BenchmarkError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard file >= 0 else { throw .system("open \(path)", errno) }
        defer { close(file) }
        var text = text
        let written = text.withUTF8 { Glibc.write(file, $0.baseAddress, $0.count) }
        guard written == text.utf8.count else { throw .system("write \(path)", errno) }
    }

    /// Stops what runs and removes the folders when a person or a supervisor ends the run.
    ///
    /// Called before there is any other thread, since threads inherit which signals are blocked.
    func removeWhenInterrupted() {
        signal(SIGPIPE, SIG_IGN)
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&signals, number) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        Thread.detachNewThread { [self, signals] in
            var signals = signals
            var number: Int32 = 0
            sigwait(&signals, &number)
            ChildProcess.end()
            remove()
            _exit(128 + number)
        }
    }

    func remove() {
        for folder in [disk, sockets, memory].compactMap(\.self) {
            try? FileManager.default.removeItem(atPath: folder)
        }
    }

    private static func programFolder() throws(BenchmarkError) -> String {
        if let folder = getenv("ATTACHE_BIN_DIR") { return String(cString: folder) }
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &path, path.count)
        guard count > 0 else { throw .system("readlink /proc/self/exe", errno) }
        let text = String(decoding: path[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.split(separator: "/").dropLast().map { "/\($0)" }.joined()
    }

    private static func makeFolder(_ template: String) throws(BenchmarkError) -> String {
        var template = Array(template.utf8CString)
        guard mkdtemp(&template) != nil else { throw .system("mkdtemp", errno) }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
