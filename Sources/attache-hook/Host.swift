// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// This machine, as the settings say it is.
struct Host {
    let settings: HookSettings
    /// The file that the settings are from, where it is not the default one.
    private let namedFile: String?

    /// Reads `file`, else what `ATTACHE_HOOK_CONFIG` names, else the default file, which may be missing.
    init(file: String?) throws(HookFailure) {
        let named = file ?? variable("ATTACHE_HOOK_CONFIG").flatMap { $0.isEmpty ? nil : $0 }
        let path = named ?? HookSettings.defaultPath
        namedFile = named
        guard let bytes = try HostFile.contents(of: path) else {
            guard named == nil else { throw .settings(path: path, reason: "there is no such file") }
            settings = HookSettings()
            return
        }
        do throws(HookSettingsError) {
            settings = try HookSettings(bytes)
        } catch {
            throw .settings(path: path, reason: error.reason)
        }
    }

    /// Edits a bundle's configuration; nil for a container that names no agent, and for one that starts without values
    /// because the server cannot be reached: nobody vouches for it then, so that its wrapper would be refused later.
    ///
    /// `stages` are those of the hooks that the container needs. With `asksFirst` the server is asked for the agent now: crun keeps to itself what its hooks say.
    /// What the container would be given is looked for first, since a runtime's own words about a missing mount say
    /// nothing about the server.
    func edit(
        _ config: [UInt8],
        container: String?,
        stages: Set<HookStage>,
        asksFirst: Bool
    ) throws(HookFailure) -> BundleEdit? {
        guard let program = ckernel_hook_program().map({ String(cString: $0) }) else {
            throw .file(path: "/proc/self/exe", reason: "it cannot be read")
        }
        let places = HostPlaces(
            wrapper: settings.exec ?? "\(ContainerParts.folder(of: program))/attache-exec",
            agentSocket: settings.agentSocket,
            operatorSocket: settings.socket,
            hook: program,
            hookArguments: namedFile.map { ["--config", $0] } ?? []
        )
        let folder = ContainerParts.folder(of: settings.agentSocket)
        let hasSocketFolder = ckernel_hook_is_folder(folder) == 1
        let edit: BundleEdit?
        do throws(ContainerEditError) {
            edit = try BundleEdit(
                config,
                container: container,
                places: places,
                hasSocketFolder: hasSocketFolder,
                stages: stages
            )
        } catch {
            throw .edit(error)
        }
        guard let edit else { return nil }
        guard HostFile.isExecutable(places.wrapper) else { throw .noWrapper(places.wrapper) }
        if edit.naming.startsOffline {
            guard isReachable(as: ContainerParts.lastPart(of: program)) else { return nil }
            return edit
        }
        guard hasSocketFolder else { throw .noSocketFolder(folder) }
        if asksFirst {
            try ServerExchange(socket: settings.socket).send(
                "GET",
                "agents/\(ServerExchange.percentEncoded(edit.naming.agent))",
                workspace: edit.naming.workspace
            )
        }
        return edit
    }

    /// Says so where the server cannot be reached, and that the container starts nevertheless.
    private func isReachable(as name: String) -> Bool {
        do throws(HookFailure) {
            try ServerExchange(socket: settings.socket).check()
            return true
        } catch {
            HookFailure.startedOffline(text: error.text).print(as: name)
            return false
        }
    }

    /// The real runtime, by its path.
    func runtime() throws(HookFailure) -> String {
        if let named = settings.runtime {
            guard HostFile.isExecutable(named) else { throw .noRuntime(named) }
            return named
        }
        // Engines start runtimes with a PATH of their own, or none.
        let path = variable("PATH") ?? ""
        let folders =
            path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
        for name in ["runc", "crun"] {
            for folder in folders where folder.hasPrefix("/") {
                let candidate = "\(folder)/\(name)"
                guard HostFile.isExecutable(candidate), ckernel_hook_is_program(candidate) == 0 else { continue }
                return candidate
            }
        }
        throw .noRuntime(nil)
    }
}

/// A variable of the process; nil where it is not set.
private func variable(_ name: String) -> String? { ckernel_hook_variable(name).map { String(cString: $0) } }
