// SPDX-License-Identifier: Apache-2.0

/// What a runtime tells a hook about its container (runtime-spec, "State").
package struct ContainerState: Equatable, Sendable {
    package var id: String
    /// The process that will be the container's first, as the host numbers it; nil where there is none any more.
    package var pid: Int?

    /// Reads what stands on the hook's standard input.
    package init(_ bytes: [UInt8]) throws(ContainerEditError) {
        let text = try JSONText(bytes)
        guard let id = try text.string(text.member("id", of: text.root)), ContainerID.isOne(id) else {
            throw .containerIDInvalid
        }
        self.id = id
        let pid = try text.integer(text.member("pid", of: text.root))
        self.pid = pid == 0 ? nil : pid
    }
}
