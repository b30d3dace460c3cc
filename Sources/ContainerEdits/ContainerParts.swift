// SPDX-License-Identifier: Apache-2.0

/// When an OCI runtime runs a hook (runtime-spec, "POSIX-platform Hooks").
package enum HookStage: String, CaseIterable, Sendable {
    /// Before the container's process runs: the server is told whose it is.
    case createRuntime
    /// After the container has ended: the server is told so.
    case poststop
}

/// What a container is given besides its arguments, however an engine is told of it.
struct ContainerParts {
    struct Mount {
        let destination: String
        let type: String
        let source: String
        let options: [String]
    }

    struct Hook {
        let stage: HookStage
        let path: String
        let arguments: [String]

        /// Longer than the hook itself waits for the server.
        static let timeout = Array("20".utf8)
    }

    /// The folder of the wrapper in the container.
    static let folder = "/.attache"
    static let wrapper = "/.attache/attache-exec"
    private static let socketFolder = "/.attache/run"

    let places: HostPlaces

    /// The variable that tells the wrapper where the server is.
    var addressPointer: (name: String, value: String) {
        ("ATTACHE_ADDRESS", "unix://\(Self.socketFolder)/\(Self.lastPart(of: places.agentSocket))")
    }

    /// The folder of the agents' socket on the host.
    var agentFolder: String { Self.folder(of: places.agentSocket) }

    /// Throws where the folder holds the operator's socket too.
    func refuseOperatorSocket() throws(ContainerEditError) {
        guard agentFolder != Self.folder(of: places.operatorSocket) else {
            throw .operatorSocketExposed(folder: agentFolder)
        }
    }

    func mounts(hasSocketFolder: Bool) -> [Mount] {
        let options = ["bind", "ro", "nosuid", "nodev"]
        let own = [
            Mount(
                destination: Self.folder,
                type: "tmpfs",
                source: "tmpfs",
                options: ["nosuid", "nodev", "mode=0755", "size=64k"]
            ),
            Mount(destination: Self.wrapper, type: "bind", source: places.wrapper, options: options),
        ]
        guard hasSocketFolder else { return own }
        return own + [
            Mount(destination: Self.socketFolder, type: "bind", source: agentFolder, options: options + ["noexec"])
        ]
    }

    func hooks(for naming: ContainerNaming, at stages: Set<HookStage>) -> [Hook] {
        let common = places.hookArguments + (naming.workspace.map { ["--workspace", $0] } ?? [])
        let offline = naming.startsOffline ? ["--offline"] : []
        return [
            Hook(
                stage: .createRuntime,
                path: places.hook,
                arguments: ["attache-hook", "register"] + common + ["--agent", naming.agent] + offline
            ),
            Hook(stage: .poststop, path: places.hook, arguments: ["attache-hook", "end"] + common),
        ].filter { stages.contains($0.stage) }
    }

    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    static func lastPart(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }
}
