// SPDX-License-Identifier: Apache-2.0

internal import ContainerEdits
internal import Glibc

/// `attache-runtime`: an OCI runtime that edits the bundle of a container that names an agent, and then becomes the real
/// one with the arguments that it was given.
struct RuntimeShim {
    private static let configFlag = "--attache-config="

    private let arguments: [String]

    init(arguments: [String]) { self.arguments = arguments }

    /// Returns only where the container is refused, or where there is no runtime to become.
    func run() -> Int32 {
        let invocation = RuntimeInvocation(arguments)
        // Its own flag stands before the command; what comes later may be an argument of a container.
        let own = arguments.indices.prefix(invocation.flagCount).filter { arguments[$0].hasPrefix(Self.configFlag) }
        do throws(HookFailure) {
            let file = own.last.map { String(arguments[$0].dropFirst(Self.configFlag.count)) }
            let host = try Host(file: file)
            let runtime = try host.runtime()
            if invocation.makesContainer { try edit(invocation, on: host, for: runtime) }
            throw become(runtime, passingOver: own)
        } catch {
            report(error, to: invocation)
            return 1
        }
    }

    private func edit(_ invocation: RuntimeInvocation, on host: Host, for runtime: String) throws(HookFailure) {
        let path = "\(invocation.bundle ?? ".")/config.json"
        // Without one the runtime has its own words for it.
        guard let config = try HostFile.contents(of: path) else { return }
        let asksFirst = runtime.hasSuffix("/crun")
        let edited = try host.edit(config, container: invocation.container, asksFirst: asksFirst)
        guard let edited, edited != config else { return }
        try HostFile.replace(path, with: edited)
    }

    /// Becomes the runtime, with the very bytes of the arguments.
    private func become(_ runtime: String, passingOver own: [Int]) -> HookFailure {
        var vector: [UnsafeMutablePointer<CChar>?] = [strdup(runtime)]
        for index in arguments.indices where !own.contains(index) {
            vector.append(CommandLine.unsafeArgv[index + 1])
        }
        vector.append(nil)
        signal(SIGPIPE, SIG_DFL)
        execv(runtime, vector)
        return .notStarted(path: runtime, reason: errorText(errno))
    }

    /// Engines show what stands in the runtime's log, or what it wrote to standard error.
    private func report(_ failure: HookFailure, to invocation: RuntimeInvocation) {
        failure.print(as: "attache-runtime")
        guard let log = invocation.log else { return }
        let descriptor = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let message = String(decoding: jsonString("attache-runtime: \(failure.text)"), as: UTF8.self)
        let line =
            invocation.isLogJSON
            ? "{\"level\":\"error\",\"msg\":\(message),\"time\":\"\(Self.now)\"}\n"
            : "time=\"\(Self.now)\" level=error msg=\(message)\n"
        // That it cannot be written changes nothing: the status says that there is no container.
        try? HostFile.write(Array(line.utf8), to: descriptor, named: log)
    }

    /// RFC 3339, in UTC.
    private static var now: String {
        var seconds = time(nil)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
