// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ContainerEdits

/// A container engine whose configuration this program can write.
package enum Engine: String, CaseIterable, Encodable, Sendable {
    case docker, podman, containerd

    /// The file that is written where the command line names no other.
    package var defaultFile: String {
        switch self {
        case .docker: "/etc/docker/daemon.json"
        // The one folder that podman reads without being told.
        case .podman: "/usr/share/containers/oci/hooks.d/\(PodmanHookFile.name)"
        case .containerd: "/etc/containerd/config.toml"
        }
    }

    /// What there is to do for the engine to see the change.
    var nextStep: String? {
        switch self {
        case .docker: "systemctl reload docker"
        case .podman: nil
        case .containerd: "systemctl restart containerd"
        }
    }

    /// How a container is started then.
    var example: String {
        switch self {
        case .docker: "docker run --runtime attache --env ATTACHE_AGENT=NAME IMAGE"
        case .podman: "podman run --annotation io.attache.agent=NAME IMAGE"
        case .containerd: "a RuntimeClass with the handler attache, and the annotation io.attache.agent"
        }
    }
}

extension Engine: ExpressibleByArgument {}

/// One file that is changed, or would be.
package struct EngineFileChange: Encodable, Equatable, Sendable {
    package enum Act: String, Encodable, Sendable { case create, change, remove, none }

    package let path: String
    package let act: Act
    /// Where the file was copied to as it was before.
    package let backup: String?

    package init(path: String, act: Act, backup: String? = nil) {
        self.path = path
        self.act = act
        self.backup = backup
    }
}

/// What a command did, or would do, to an engine's configuration.
struct EngineChangeReport: Encodable {
    let engine: Engine
    let dryRun: Bool
    let changes: [EngineFileChange]
    /// What there is to do next.
    let next: String?

    var text: String {
        var table = Table("FILE", dryRun ? "WOULD" : "DONE", "BACKUP")
        for change in changes { table.add(change.path, change.act.rawValue, change.backup ?? "-") }
        return table.text + (next.map { "\nnext: \($0)\n" } ?? "")
    }
}
