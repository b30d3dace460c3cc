// SPDX-License-Identifier: Apache-2.0

/// What a container's configuration says about its agent.
package struct ContainerNaming: Equatable, Sendable {
    package static let agentAnnotation = "io.attache.agent"
    package static let workspaceAnnotation = "io.attache.workspace"
    package static let offlineAnnotation = "io.attache.offline"

    /// The agent's name or id.
    package var agent: String
    /// The workspace's name or id; nil for the operator's own.
    package var workspace: String?
    /// Whether the container starts without values where the server cannot be reached.
    package var startsOffline: Bool

    init(agent: String, workspace: String?, startsOffline: Bool) {
        self.agent = agent
        self.workspace = workspace
        self.startsOffline = startsOffline
    }

    /// Reads annotations and variables; nil for a container that names no agent, and for the sandbox of a pod.
    ///
    /// The annotation is what engines keep for this. The variable is for those that have none to set, and both may be
    /// there with the same name.
    init?(_ text: JSONText, process: JSONNode?) throws(ContainerEditError) {
        let annotations = try text.member("annotations", of: text.root)
        func annotation(_ name: String) throws(ContainerEditError) -> String? {
            try text.member(name, of: annotations).map { node throws(ContainerEditError) in
                guard let value = text.string(node) else { throw .unexpectedForm("annotations") }
                return value
            }
        }
        // The process of a sandbox only holds namespaces; its pod's containers are what runs.
        for name in ["io.kubernetes.cri.container-type", "io.kubernetes.cri-o.ContainerType"]
        where try annotation(name) == "sandbox" { return nil }
        let variables = try ContainerNaming.variables(text, process: process)
        let annotated = try annotation(Self.agentAnnotation)
        let variable = variables["ATTACHE_AGENT"]
        guard let agent = annotated ?? variable else { return nil }
        guard !agent.isEmpty, variable != "" else { throw .agentNameEmpty }
        guard variable == nil || variable == agent else { throw .twoAgents }
        guard agent.count <= 128, agent.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { throw .agentNameInvalid }
        guard variables["ATTACHE_GATEWAY_TOKEN"] ?? "" == "" else { throw .tokenInEnvironment }
        self.agent = agent
        let workspace = try annotation(Self.workspaceAnnotation) ?? variables["ATTACHE_WORKSPACE"]
        self.workspace = workspace == "" ? nil : workspace
        let offline = try annotation(Self.offlineAnnotation) ?? variables["ATTACHE_ALLOW_OFFLINE"]
        startsOffline = offline == "1" || offline == "true"
    }

    /// The variables of the process whose names begin with `ATTACHE_`; the last of several counts, as in Go.
    static func variables(_ text: JSONText, process: JSONNode?) throws(ContainerEditError) -> [String: String] {
        guard let list = try text.member("env", of: process) else { return [:] }
        guard let elements = list.elements else { throw .unexpectedForm("env") }
        var variables: [String: String] = [:]
        let prefix = Array("\"ATTACHE_".utf8)
        for element in elements {
            // An escape could hide the prefix; nothing else needs decoding.
            let raw = text.bytes[element.range]
            guard raw.starts(with: prefix) || raw.contains(UInt8(ascii: "\\")) else { continue }
            guard let string = text.string(element) else { throw .unexpectedForm("env") }
            guard string.hasPrefix("ATTACHE_"), let sign = string.firstIndex(of: "=") else { continue }
            variables[String(string[..<sign])] = String(string[string.index(after: sign)...])
        }
        return variables
    }
}
