// SPDX-License-Identifier: Apache-2.0

internal import ContainerEdits
internal import EnvironmentFile
internal import VaultModel

/// What docker's API may be asked for: an optional policy that keeps values out of its configuration.
package struct ContainerPolicy: Equatable, Sendable {
    /// No variable of a container may have a value that looks like a secret.
    package var refusesSecrets: Bool
    /// Every container is started by this runtime.
    package var runtime: String?

    package init(refusesSecrets: Bool = false, runtime: String? = nil) {
        self.refusesSecrets = refusesSecrets
        self.runtime = runtime
    }

    private static let shortestSecret = 8

    /// Where a request has variables.
    private enum Place {
        case container, service, exec
    }

    /// Why the request may not be carried out; nil where it may.
    ///
    /// It names variables and never says a value.
    package func objection(method: String, uri: String, body: [UInt8]?) -> String? {
        guard refusesSecrets || runtime != nil, method == "POST", let place = Self.place(uri) else { return nil }
        guard let body, !body.isEmpty else { return "a request without a body that can be looked at is refused" }
        do {
            let text = try JSONText(body)
            let settings =
                switch place {
                case .container, .exec: Optional(text.root)
                case .service:
                    try text.member("ContainerSpec", of: text.member("TaskTemplate", of: text.root))
                }
            if refusesSecrets, let objection = try variables(of: settings, in: text) { return objection }
            if let runtime, place == .container {
                let chosen = try text.string(text.member("Runtime", of: text.member("HostConfig", of: text.root)))
                guard chosen == runtime else { return "containers are started with --runtime \(runtime) here" }
            }
            return nil
        } catch {
            return "the request cannot be read as docker reads it: \(error.text)"
        }
    }

    private func variables(of settings: JSONNode?, in text: JSONText) throws(ContainerEditError) -> String? {
        guard let node = try text.member("Env", of: settings) else { return nil }
        guard let variables = text.strings(node) else { throw .unexpectedForm("Env") }
        for variable in variables {
            let name = String(variable.prefix { $0 != "=" })
            let value = SecretBytes(copying: Array(variable.utf8.dropFirst(name.utf8.count + 1)))
            guard !value.isEmpty, let known = try? EnvironmentName(name), !name.hasSuffix("_FILE") else { continue }
            let looksLikeOne =
                switch KindGuess(name: known, value: value).reason {
                case .keyFormat, .urlWithCredentials: true
                // Short ones are settings, such as TOKEN_LIMIT=5.
                case .secretName: value.count >= Self.shortestSecret
                case .plainSetting, .plainAddress, .publicName, .unknown: false
                }
            guard looksLikeOne else { continue }
            return "the value of \(name) looks like a secret, and everybody who may inspect the container reads it; "
                + "attach it to an agent instead"
        }
        return nil
    }

    /// Where the variables of such a request are; nil for one that has none.
    ///
    /// Read as Go's router does: escapes undone, and what stands before the path's end does not matter.
    private static func place(_ uri: String) -> Place? {
        let path = uri.prefix { $0 != "?" && $0 != "#" }
        let segments = unescaped(path.utf8).split(separator: "/").filter { $0 != "." }.suffix(3).map(String.init)
        switch segments.last {
        case "create" where segments.dropLast().last == "containers": return .container
        case "create" where segments.dropLast().last == "services": return .service
        case "update" where segments.first == "services" && segments.count == 3: return .service
        case "exec" where segments.first == "containers" && segments.count == 3: return .exec
        default: return nil
        }
    }

    private static func unescaped(_ path: Substring.UTF8View) -> String {
        var bytes: [UInt8] = []
        var rest = path[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let read = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(read)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
