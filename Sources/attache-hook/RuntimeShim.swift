// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// `attache-runtime`: an OCI runtime that edits the bundle of a container that names an agent, and then becomes the real
/// one with the arguments that it was given.
struct RuntimeShim {
    private static let configFlag = "--attache-config="

    private let arguments: [String]

    /// The same with the program's name, as bytes.
    private let vector: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>

    init(arguments: [String], vector: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) {
        self.arguments = arguments
        self.vector = vector
    }

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
        guard let environment = ckernel_exec_environment() else {
            return .notStarted(path: runtime, reason: "there is no environment")
        }
        var name = Array(runtime.utf8) + [0]
        let error = name.withUnsafeMutableBufferPointer { name in
            var passed = [name.baseAddress]
            for index in arguments.indices where !own.contains(index) { passed.append(vector[index + 1]) }
            passed.append(nil)
            ckernel_hook_ignore_sigpipe(0)
            return ckernel_exec_replace(runtime, passed, environment)
        }
        return .notStarted(path: runtime, reason: errorText(error))
    }

    /// Engines show what stands in the runtime's log, or what it wrote to standard error.
    private func report(_ failure: HookFailure, to invocation: RuntimeInvocation) {
        failure.print(as: "attache-runtime")
        guard let log = invocation.log else { return }
        let descriptor = ckernel_hook_open_log(log)
        guard descriptor >= 0 else { return }
        defer { ckernel_exec_close(descriptor) }
        let now = String(cString: ckernel_hook_now())
        let message = String(decoding: jsonString("attache-runtime: \(failure.text)"), as: UTF8.self)
        let line =
            invocation.isLogJSON
            ? "{\"level\":\"error\",\"msg\":\(message),\"time\":\"\(now)\"}\n"
            : "time=\"\(now)\" level=error msg=\(message)\n"
        // That it cannot be written changes nothing: the status says that there is no container.
        try? HostFile.write(Array(line.utf8), to: descriptor, named: log)
    }
}
