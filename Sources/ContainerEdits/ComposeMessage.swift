// SPDX-License-Identifier: Apache-2.0

/// What a provider of compose says, an object a line (docker compose, provider services).
///
/// What it sets becomes a variable of a container, which the engine keeps and shows: so there is no way to say a value here
/// that is not a pointer.
package enum ComposeMessage: Equatable, Sendable {
    /// Shown to whoever runs compose.
    case info(String)
    /// Ends what compose does, with this text.
    case error(String)
    /// A variable of every service that depends on this one, behind the service's name in capitals and `_`.
    case pointer(Pointer)
    /// The same under its own name, from compose 5.2 on.
    case ownPointer(Pointer)

    /// What a container may be told.
    package enum Pointer: Equatable, Sendable {
        case agent(String)
        case workspace(String)

        fileprivate var assignment: (name: String, value: String) {
            switch self {
            case .agent(let name): ("AGENT", name)
            case .workspace(let name): ("WORKSPACE", name)
            }
        }
    }

    /// The service whose dependents get `ATTACHE_AGENT` from ``pointer(_:)``.
    package static let service = "attache"

    /// The line, with its end.
    package var line: String {
        let (type, message) =
            switch self {
            case .info(let text): ("info", text)
            case .error(let text): ("error", text)
            case .pointer(let pointer): ("setenv", "\(pointer.assignment.name)=\(pointer.assignment.value)")
            case .ownPointer(let pointer):
                ("rawsetenv", "ATTACHE_\(pointer.assignment.name)=\(pointer.assignment.value)")
            }
        let object = JSONLine.object([("type", jsonString(type)), ("message", jsonString(message))])
        return String(decoding: object, as: UTF8.self) + "\n"
    }
}
