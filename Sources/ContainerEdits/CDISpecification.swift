// SPDX-License-Identifier: Apache-2.0

/// A specification of the Container Device Interface, version 0.5.0: a device for each agent.
///
/// It gives a container the wrapper, the agents' socket, a pointer and the hooks; the arguments are not its to change, so
/// whoever asks for the device names the wrapper as entrypoint. No value is in it.
package enum CDISpecification {
    package static let kind = "attache.dev/agent"
    package static let fileName = "attache.dev-agent.json"

    /// An agent and the name of its device.
    package struct Device: Equatable, Sendable {
        package let name: String
        package let agent: String

        /// The device is called as the agent where CDI takes that for a name, else by the agent's id.
        package init(agent name: String, id: String) {
            agent = id
            self.name = Self.isName(name) ? name : id
        }

        /// Letters, digits and `_ - . :`, the first and the last one a letter or digit.
        private static func isName(_ text: String) -> Bool {
            func isPlain(_ byte: UInt8) -> Bool {
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            }
            guard let first = text.utf8.first, let last = text.utf8.last, isPlain(first), isPlain(last) else {
                return false
            }
            return text.utf8.allSatisfy { isPlain($0) || [0x5F, 0x2D, 0x2E, 0x3A].contains($0) }
        }
    }

    /// The file's text.
    package static func text(_ devices: [Device], workspace: String?, places: HostPlaces) throws(ContainerEditError)
        -> [UInt8]
    {
        let parts = ContainerParts(places: places)
        try parts.refuseOperatorSocket()
        let list = devices.map { device in
            let naming = ContainerNaming(agent: device.agent, workspace: workspace, startsOffline: false)
            let hooks = parts.hooks(for: naming, at: Set(HookStage.allCases)).map { hook in
                JSONLine.object([
                    ("hookName", jsonString(hook.stage.rawValue)), ("path", jsonString(hook.path)),
                    ("args", JSONLine.array(hook.arguments)), ("timeout", ContainerParts.Hook.timeout),
                ])
            }
            return JSONLine.object([
                ("name", jsonString(device.name)),
                ("containerEdits", JSONLine.object([("hooks", JSONLine.list(hooks))])),
            ])
        }
        let mounts = parts.mounts(hasSocketFolder: true).map { mount in
            JSONLine.object([
                ("hostPath", jsonString(mount.source)), ("containerPath", jsonString(mount.destination)),
                ("type", jsonString(mount.type)), ("options", JSONLine.array(mount.options)),
            ])
        }
        let pointer = parts.addressPointer
        let edits = JSONLine.object([
            ("env", JSONLine.array(["\(pointer.name)=\(pointer.value)"])), ("mounts", JSONLine.list(mounts)),
        ])
        return JSONLine.object([
            ("cdiVersion", jsonString("0.5.0")), ("kind", jsonString(kind)), ("containerEdits", edits),
            ("devices", JSONLine.list(list)),
        ]) + [0x0A]
    }
}
