// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// What the server is told of a container, at the operator's socket.
struct Registration {
    let container: String
    let workspace: String?
    let server: ServerExchange

    /// Tells the server whose container this is, before its process runs.
    ///
    /// The server looks at the process itself: it is the container's when its control group names the container. With
    /// `startsOffline` a server that is away is only told of.
    func begin(agent: String, pid: Int, startsOffline: Bool, as program: String) throws(HookFailure) {
        do throws(HookFailure) {
            try begin(agent: agent, pid: pid)
        } catch .unreachable(let socket, let reason) where startsOffline {
            let away = HookFailure.unreachable(socket: socket, reason: reason)
            HookFailure.startedOffline(text: away.text).print(as: program)
        }
    }

    func begin(agent: String, pid: Int) throws(HookFailure) {
        let name = String(decoding: jsonString(agent), as: UTF8.self)
        try server.send(
            "PUT",
            "containers/\(container)",
            workspace: workspace,
            body: "{\"agent\":\(name),\"pid\":\(pid)}"
        )
    }

    /// Tells the server that the container has ended, which nobody waits for: where it does not come to be recorded, the
    /// server finds that the process is gone.
    func end() throws(HookFailure) {
        try server.leave("DELETE", "containers/\(container)", workspace: workspace)
    }
}

/// The hooks of a container's life, whose state is on standard input.
struct LifecycleHook {
    private let host: Host
    private let flags: Flags

    init(_ flags: Flags) throws(HookFailure) {
        self.flags = flags
        host = try Host(file: flags["--config"])
    }

    func register() throws(HookFailure) {
        guard let agent = flags["--agent"] else { throw .usage("register takes --agent NAME") }
        let state = try state()
        guard let pid = state.pid else { throw .edit(.unexpectedForm("pid")) }
        try registration(of: state)
            .begin(agent: agent, pid: pid, startsOffline: flags.has("--offline"), as: "attache-hook")
    }

    func end() throws(HookFailure) { try registration(of: state()).end() }

    private func registration(of state: ContainerState) -> Registration {
        Registration(
            container: state.id,
            workspace: flags["--workspace"],
            server: ServerExchange(socket: host.settings.socket)
        )
    }

    private func state() throws(HookFailure) -> ContainerState { try ContainerState(reading: StandardInput.contents()) }
}

extension ContainerState {
    /// As ``init(_:)``, for whoever tells of it.
    init(reading bytes: [UInt8]) throws(HookFailure) {
        do throws(ContainerEditError) {
            try self.init(bytes)
        } catch {
            throw .edit(error)
        }
    }
}
