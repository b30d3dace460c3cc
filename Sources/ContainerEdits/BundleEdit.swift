// SPDX-License-Identifier: Apache-2.0

/// Where things are on the host that a container is given.
package struct HostPlaces: Equatable, Sendable {
    /// The program `attache-exec`.
    package var wrapper: String
    /// The socket that containers see; its folder is mounted, so that a server that starts anew is found again.
    package var agentSocket: String
    /// The operator's socket, which is never to be in that folder.
    package var operatorSocket: String
    /// The program that runs as hook of the container, and the arguments that it has before its own.
    package var hook: String
    package var hookArguments: [String]

    package init(
        wrapper: String,
        agentSocket: String,
        operatorSocket: String,
        hook: String,
        hookArguments: [String] = []
    ) {
        self.wrapper = wrapper
        self.agentSocket = agentSocket
        self.operatorSocket = operatorSocket
        self.hook = hook
        self.hookArguments = hookArguments
    }
}

/// Puts the wrapper in front of a container's process: the edit of an OCI `config.json` (runtime-spec 1.0 to 1.3).
///
/// ```
/// process.args        /.attache/attache-exec -- and what was there
/// process.env         ATTACHE_ADDRESS, ATTACHE_INSTANCE: pointers, never a value
/// mounts              /.attache (tmpfs), the wrapper in it (read-only), the folder of the agents' socket
/// hooks               createRuntime registers the container for its agent, poststop ends it: what nobody else does
/// ```
///
/// Everything else stays byte for byte. What the container sets itself is kept.
package struct BundleEdit: Sendable {
    /// The edited text; the same bytes where all of the edit had been made before.
    package let bytes: [UInt8]
    package let naming: ContainerNaming

    /// Edits `config`; nil for a container that names no agent.
    ///
    /// `container` is the id of the container where the caller knows it; without, it is taken from the path of the
    /// control group, whose last part names it. `stages` are those at which the container has to have a hook.
    package init?(
        _ config: [UInt8],
        container: String?,
        places: HostPlaces,
        hasSocketFolder: Bool = true,
        stages: Set<HookStage> = Set(HookStage.allCases)
    ) throws(ContainerEditError) {
        let text = try JSONText(config)
        guard text.root.isObject else { throw .unexpectedForm("config.json") }
        let process = try text.member("process", of: text.root)
        guard let naming = try ContainerNaming(text, process: process) else { return nil }
        guard let process else { throw .noArguments }
        self.naming = naming
        guard let list = try text.member("args", of: process) else { throw .noArguments }
        guard let arguments = text.strings(list) else { throw .unexpectedForm("args") }
        guard let command = arguments.first else { throw .noArguments }
        let parts = ContainerParts(places: places)
        var edits = TextEdits(text)
        if command == ContainerParts.wrapper {
            // Another hook was here before, or the bundle is used a second time, maybe by whoever needs more hooks.
            let found = try text.anyMember("hooks", of: text.root)
            for hook in parts.hooks(for: naming, at: Set(HookStage.allCases)) {
                _ = try Self.isThere(hook, in: found, text)
            }
            try Self.add(parts.hooks(for: naming, at: stages), to: &edits, text)
            bytes = edits.applied()
            return
        }
        try Self.refuseTaken(text)
        try parts.refuseOperatorSocket()

        // An image that brings the wrapper itself is only told where the server is.
        let isWrapped = ["attache-exec", "attache-exec-tls"].contains(ContainerParts.lastPart(of: command))
        if !isWrapped { edits.prepend([jsonString(ContainerParts.wrapper), jsonString("--")], to: list) }

        let own = try ContainerNaming.variables(text, process: process)
        let id = container == nil ? try Self.idOfCgroup(text) : container
        var pointers = [parts.addressPointer]
        if let id { pointers.append(("ATTACHE_INSTANCE", String(id.prefix(12)))) }
        if naming.startsOffline { pointers.append(("ATTACHE_ALLOW_OFFLINE", "1")) }
        let missing = pointers.filter { own[$0.0] == nil }
        try edits.append(missing.map { jsonString("\($0.0)=\($0.1)") }, toMember: "env", of: process)

        let mounts = parts.mounts(hasSocketFolder: hasSocketFolder).map { mount in
            JSONLine.object([
                ("destination", jsonString(mount.destination)), ("type", jsonString(mount.type)),
                ("source", jsonString(mount.source)), ("options", JSONLine.array(mount.options)),
            ])
        }
        try edits.append(mounts, toMember: "mounts", of: text.root)
        try Self.add(parts.hooks(for: naming, at: stages), to: &edits, text)
        bytes = edits.applied()
    }

    private static func add(
        _ hooks: [ContainerParts.Hook],
        to edits: inout TextEdits,
        _ text: JSONText
    ) throws(ContainerEditError) {
        let found = try text.anyMember("hooks", of: text.root)
        var written: [(stage: String, text: [UInt8])] = []
        for hook in hooks where try !isThere(hook, in: found, text) {
            let members = [
                ("path", jsonString(hook.path)), ("args", JSONLine.array(hook.arguments)),
                ("timeout", ContainerParts.Hook.timeout),
            ]
            written.append((hook.stage.rawValue, JSONLine.object(members)))
        }
        guard !written.isEmpty else { return }
        if let found, found.isObject {
            for hook in written { try edits.append([hook.text], toMember: hook.stage, of: found) }
            return
        }
        let object = JSONLine.object(written.map { ($0.stage, JSONLine.list([$0.text])) })
        switch found?.kind {
        case nil: edits.addMember("hooks", object, to: text.root)
        case .null: if let found { edits.replaceNull(found, with: object) }
        default: throw .unexpectedForm("hooks")
        }
    }

    /// Whether a hook that does the same is among the bundle's `hooks`.
    private static func isThere(
        _ hook: ContainerParts.Hook,
        in hooks: JSONNode?,
        _ text: JSONText
    ) throws(ContainerEditError) -> Bool {
        for element in try text.member(hook.stage.rawValue, of: hooks)?.elements ?? [] {
            let arguments = text.strings(try text.member("args", of: element)) ?? []
            guard arguments.prefix(2).elementsEqual(hook.arguments.prefix(2)) else { continue }
            guard agent(of: arguments) == agent(of: hook.arguments) else { throw .editedForAnother }
            return true
        }
        return false
    }

    /// Whom a hook that registers a container does that for.
    private static func agent(of arguments: [String]) -> [String] {
        arguments.firstIndex(of: "--agent").map { Array(arguments[$0...].prefix(2)) } ?? []
    }

    private static func refuseTaken(_ text: JSONText) throws(ContainerEditError) {
        guard let mounts = try text.member("mounts", of: text.root) else { return }
        guard let elements = mounts.elements else { throw .unexpectedForm("mounts") }
        for element in elements {
            guard let destination = try text.string(text.member("destination", of: element)) else {
                throw .unexpectedForm("mounts")
            }
            // As the runtime will understand it: without empty and `.` parts.
            let parts = destination.split(separator: "/").filter { $0 != "." }
            if parts.first == ".attache" { throw .destinationTaken("/" + parts.joined(separator: "/")) }
        }
    }

    /// The id at the end of `linux.cgroupsPath`: `/libpod_parent/libpod-ID`, `machine.slice:libpod:ID`.
    private static func idOfCgroup(_ text: JSONText) throws(ContainerEditError) -> String? {
        guard let path = try text.string(text.member("cgroupsPath", of: text.member("linux", of: text.root))) else {
            return nil
        }
        let last = path.split { $0 == "/" || $0 == ":" }.last ?? ""
        let id = last.hasPrefix("libpod-") ? last.dropFirst("libpod-".count) : last
        return ContainerID.isOne(String(id)) ? String(id) : nil
    }
}

/// The ids that runtimes give containers.
package enum ContainerID {
    /// Whether `text` is one, as runc and crun take it.
    package static func isOne(_ text: String) -> Bool {
        (1...1_024).contains(text.utf8.count) && text != "." && text != ".."
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
