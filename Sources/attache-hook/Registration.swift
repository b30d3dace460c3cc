// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The hooks of a container's life: its state is on standard input, the server is at the operator's socket.
struct Registration {
    private let host: Host
    private let flags: Flags

    init(_ flags: Flags) throws(HookFailure) {
        self.flags = flags
        host = try Host(file: flags["--config"])
    }

    /// Tells the server whose container this is, before its process runs.
    ///
    /// The server looks at the process itself: it is the container's when its control group names the container.
    func begin() throws(HookFailure) {
        guard let agent = flags["--agent"] else { throw .usage("register takes --agent NAME") }
        let state = try state()
        guard let pid = state.pid else { throw .edit(.unexpectedForm("pid")) }
        let name = String(decoding: jsonString(agent), as: UTF8.self)
        do throws(HookFailure) {
            try ServerExchange(socket: host.settings.socket).send(
                "PUT",
                "containers/\(state.id)",
                workspace: flags["--workspace"],
                body: "{\"agent\":\(name),\"pid\":\(pid)}"
            )
        } catch .unreachable(let socket, let reason) where flags.has("--offline") {
            let failure = HookFailure.unreachable(socket: socket, reason: "\(reason); starting without values")
            failure.print(as: "attache-hook")
        }
    }

    /// Tells the server that the container has ended, which nobody waits for: where it does not come to be recorded, the
    /// server finds that the process is gone.
    func end() throws(HookFailure) {
        try ServerExchange(socket: host.settings.socket).leave(
            "DELETE",
            "containers/\(try state().id)",
            workspace: flags["--workspace"]
        )
    }

    private func state() throws(HookFailure) -> ContainerState {
        let bytes = try StandardInput.contents()
        do throws(ContainerEditError) {
            return try ContainerState(bytes)
        } catch {
            throw .edit(error)
        }
    }
}
