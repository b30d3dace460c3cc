// SPDX-License-Identifier: Apache-2.0

/// What `attache-hook` is told by its file: where things are on this host.
///
/// ```json
/// {"socket": "/run/attache/attache.sock", "agentSocket": "/run/attache/agents/agent.sock",
///  "exec": "/usr/local/bin/attache-exec", "runtime": "/usr/bin/runc"}
/// ```
///
/// Each may be left out.
package struct HookSettings: Equatable, Sendable {
    package static let defaultPath = "/etc/attache/hook.json"

    package var socket = "/run/attache/attache.sock"
    package var agentSocket = "/run/attache/agents/agent.sock"
    /// The program `attache-exec`; nil for the one that lies beside `attache-hook`.
    package var exec: String?
    /// The real runtime; nil for runc, or crun, in `PATH`.
    package var runtime: String?

    package init() {}

    /// Reads the file's text; a member that is not known is refused, since it is a mistake.
    package init(_ bytes: [UInt8]) throws(HookSettingsError) {
        let text: JSONText
        do {
            text = try JSONText(bytes)
        } catch {
            throw .malformed(error.text)
        }
        guard case .object(let members) = text.root.kind else { throw .malformed("it is no object") }
        for member in members {
            let name = JSONReader.characters(
                of: bytes[member.name.lowerBound + 1..<member.name.upperBound - 1]
            )
            guard let value = text.string(member.value), value.hasPrefix("/") else {
                throw .malformed("\(name ?? "a member") is no absolute path")
            }
            switch name {
            case "socket": socket = value
            case "agentSocket": agentSocket = value
            case "exec": exec = value
            case "runtime": runtime = value
            default: throw .malformed("\(name ?? "a member") is not known; socket, agentSocket, exec and runtime are")
            }
        }
    }

    /// The file's text.
    package var text: String {
        let members =
            [("socket", socket), ("agentSocket", agentSocket)]
            + [("exec", exec), ("runtime", runtime)]
            .compactMap { name, value in value.map { (name, $0) } }
        let lines = members.map {
            "  \(String(decoding: jsonString($0.0), as: UTF8.self)): \(String(decoding: jsonString($0.1), as: UTF8.self))"
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
    }
}

/// The settings cannot be read, for a reason that people understand.
package struct HookSettingsError: Error, Equatable {
    package let reason: String

    static func malformed(_ reason: String) -> HookSettingsError { HookSettingsError(reason: reason) }
}
