// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// `attache-runtime`: an OCI runtime that edits the bundle of a container that names an agent, and then becomes the real
/// one with the arguments that it was given.
///
/// `create` of such a container it stays for, to tell the server whose it is before the engine hears that it is there.
/// That spares the container hooks, each a program more to start. Its end the server sees itself.
struct RuntimeShim {
    private static let configFlag = "--attache-config="

    private let arguments: [String]
    private let invocation: RuntimeInvocation

    /// The arguments with the program's name, as bytes.
    private let vector: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>

    /// The places of the program's own flags.
    ///
    /// They stand before the command; what comes later may be an argument of a container.
    private let own: [Int]

    init(arguments: [String], vector: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) {
        self.arguments = arguments
        self.vector = vector
        invocation = RuntimeInvocation(arguments)
        own = arguments.indices.prefix(invocation.flagCount).filter { arguments[$0].hasPrefix(Self.configFlag) }
    }

    /// Returns only where the runtime was a child, the container is refused, or there is no runtime.
    func run() -> Int32 {
        do throws(HookFailure) {
            let file = own.last.map { String(arguments[$0].dropFirst(Self.configFlag.count)) }
            let host = try Host(file: file)
            let runtime = RealRuntime(
                path: try host.runtime(),
                globals: words(arguments.indices.prefix(invocation.flagCount))
            )
            let naming = invocation.makesContainer ? try edit(on: host, for: runtime) : nil
            if let naming, registers { return try create(naming, on: host, with: runtime) }
            throw runtime.become(words(arguments.indices))
        } catch {
            report(error)
            return 1
        }
    }

    /// Whether the container is there, and its process waits, when the command has been done.
    private var registers: Bool { invocation.command == "create" }

    /// Edits the bundle; nil for a container that names no agent.
    private func edit(on host: Host, for runtime: RealRuntime) throws(HookFailure) -> ContainerNaming? {
        let path = "\(invocation.bundle ?? ".")/config.json"
        // Without one the runtime has its own words for it.
        guard let config = try HostFile.contents(of: path) else { return nil }
        let edit = try host.edit(
            config,
            container: invocation.container,
            stages: registers ? [] : [.createRuntime],
            asksFirst: !registers && runtime.path.hasSuffix("/crun")
        )
        guard let edit else { return nil }
        if edit.bytes != config { try HostFile.replace(path, with: edit.bytes) }
        return edit.naming
    }

    /// Has the runtime make the container and vouches for it; where the server does not take it, the container is undone.
    private func create(
        _ naming: ContainerNaming,
        on host: Host,
        with runtime: RealRuntime
    ) throws(HookFailure) -> Int32 {
        guard let container = invocation.container, ContainerID.isOne(container) else {
            throw .edit(.containerIDInvalid)
        }
        var server = ServerExchange(socket: host.settings.socket)
        server.connectEarly()
        let file = runtime.stateFile(of: container, root: invocation.root)
        // What is there already is of another container, and the runtime will say so.
        let isNew = file.map { ckernel_hook_exists($0.folder) == 0 } ?? false
        let child = try runtime.start(words(arguments.indices))
        var isTold = false
        if isNew, server.isConnected, let file, let pid = firstProcess(in: file, of: child) {
            // Refusals are heard below, when the container can be undone.
            let early = Registration(container: container, workspace: naming.workspace, server: server)
            isTold = (try? early.begin(agent: naming.agent, pid: pid)) != nil
            server = ServerExchange(socket: host.settings.socket)
        }
        let status = ckernel_hook_wait(child)
        guard status == 0, !isTold else { return status }
        do throws(HookFailure) {
            try Registration(container: container, workspace: naming.workspace, server: server).begin(
                agent: naming.agent,
                pid: try firstProcess(of: container, with: runtime),
                startsOffline: naming.startsOffline,
                as: "attache-runtime"
            )
        } catch {
            // Where it cannot be deleted either, it is still nobody's: its process gets no values and does not run.
            _ = try? runtime.run(runtime.globals + literals(["delete", "--force", container]))
            if let file = invocation.pidFile { ckernel_hook_remove(file) }
            throw error
        }
        return 0
    }

    /// The same while the runtime is still at work, so that the server is told meanwhile; nil where it does not write it.
    private func firstProcess(in file: (folder: String, name: String, pid: String), of child: Int32) -> Int? {
        let path = "\(file.folder)/\(file.name)"
        guard ckernel_hook_wait_for_file(child, path) == 1, let bytes = try? HostFile.contents(of: path),
            let text = try? JSONText(bytes), let pid = try? text.integer(text.member(file.pid, of: text.root)), pid > 0
        else { return nil }
        return pid
    }

    /// The pid of the container's first process, as the runtime wrote it to a file or says it.
    private func firstProcess(of container: String, with runtime: RealRuntime) throws(HookFailure) -> Int {
        if let file = invocation.pidFile, let bytes = try HostFile.contents(of: file) {
            let digits = bytes.prefix { (0x30...0x39).contains($0) }
            guard let pid = Int(String(decoding: digits, as: UTF8.self)) else {
                throw .file(path: file, reason: "it holds no pid")
            }
            return pid
        }
        let state = try runtime.output(runtime.globals + literals(["state", container]))
        guard let pid = try ContainerState(reading: state).pid else { throw .edit(.unexpectedForm("pid")) }
        return pid
    }

    /// The very bytes of the arguments at these places, the program's own flags left out.
    private func words(_ places: some Sequence<Int>) -> [UnsafeMutablePointer<UInt8>?] {
        places.filter { !own.contains($0) }.map { vector[$0 + 1] }
    }

    /// Engines show what stands in the runtime's log, or what it wrote to standard error.
    private func report(_ failure: HookFailure) {
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
