// SPDX-License-Identifier: Apache-2.0

import ContainerEdits

private let places = HostPlaces(
    wrapper: "/usr/local/bin/attache-exec",
    agentSocket: "/run/attache/agents/agent.sock",
    operatorSocket: "/run/attache/attache.sock",
    hook: "/usr/local/bin/attache-hook"
)

/// Edits what the fuzzer made up as a container's configuration, and reads it as everything else that engines write.
///
/// Whatever it is, it is edited, left alone or refused; what was edited is JSON, and editing it again changes nothing.
@_cdecl("LLVMFuzzerTestOneInput")
package func editArbitraryBundle(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let edit = try? BundleEdit(bytes, container: nil, places: places) {
        // What does not hold ends the process, which is what the fuzzer looks for.
        precondition((try? JSONText(edit.bytes)) != nil)
        let again = try? BundleEdit(edit.bytes, container: nil, places: places)
        precondition(again?.bytes == edit.bytes || again == nil && edit.bytes.count > JSONText.maximumBytes)
    }
    if let installed = try? DockerDaemonFile.installing("/r", in: bytes) {
        precondition((try? DockerDaemonFile.runtime(in: installed)) == "/r")
    }
    let image = ImageEdit(variables: [ImageEdit.Variable("A", "1")], agent: "web", layer: "sha256:0")
    if (try? ImageEdit.Configuration(bytes)) != nil, let wrapped = try? image.configuration(bytes) {
        precondition((try? ImageEdit.Configuration(wrapped))?.entrypoint.first == ImageEdit.wrapperPath)
        precondition((try? image.configuration(wrapped)) == nil)
    }
    if (try? ImageEdit.parts(ofManifest: bytes)) != nil,
        let manifest = try? image.manifest(bytes, configuration: ("sha256:1", 1), layerSize: 1)
    {
        precondition((try? ImageEdit.parts(ofManifest: manifest))?.configuration.digest == "sha256:1")
    }
    if (try? ImageEdit.manifest(ofIndex: bytes)) != nil,
        let index = try? ImageEdit.index(bytes, manifest: ("sha256:1", 1), name: "n"),
        let found = try? ImageEdit.manifest(ofIndex: index)
    {
        precondition(found.digest == "sha256:1")
    }
    if let listed = try? ImageEdit.DockerImage(list: bytes) {
        precondition((try? ImageEdit.DockerImage(list: listed.list)) == listed)
    }
    _ = try? ContainerState(bytes)
    _ = try? HookSettings(bytes)
    _ = try? ContainerdFile.installing("/r", in: String(decoding: bytes, as: UTF8.self))
    return 0
}
