// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// podman's `precreate` hook (oci-hooks(5)): the proposed configuration on standard input, the one to use on standard
/// output; where it fails there is no container.
///
/// podman shows nothing of what this hook says, so what can be said later is: by the hook of the container.
struct Precreate {
    private let host: Host

    init(_ flags: Flags) throws(HookFailure) { host = try Host(file: flags["--config"]) }

    func run() throws(HookFailure) {
        let config = try StandardInput.contents()
        let edit = try host.edit(config, container: nil, stages: Set(HookStage.allCases), asksFirst: false)
        try StandardOutput.write(edit?.bytes ?? config)
    }
}
