// SPDX-License-Identifier: Apache-2.0

internal import FoundationEssentials
internal import Glibc
internal import VaultModel

/// The workspaces that this user has logged in to, and the one that commands are about: `config.json`.
///
/// Kept with mode 0600 in a folder of mode 0700, since it holds tokens; one that others could read is refused.
package struct SavedWorkspaces: Codable, Equatable, Sendable {
    /// One workspace and how it is reached.
    package struct Login: Codable, Equatable, Sendable {
        /// What it is chosen by: the workspace's name, with the host where two servers have one of that name.
        package var name: String
        /// `https://host:port`, or `unix:///path` of an operator's socket.
        package var apiUrl: String
        package var workspaceId: String
        /// A workspace key `ak_ws_…`.
        package var apiKey: String?
        /// The token `ses_…` of a login, which all workspaces of that login share.
        package var session: String?

        package init(name: String, apiUrl: String, workspaceId: String, apiKey: String? = nil, session: String? = nil) {
            self.name = name
            self.apiUrl = apiUrl
            self.workspaceId = workspaceId
            self.apiKey = apiKey
            self.session = session
        }

        package var token: String? { apiKey ?? session }
    }

    /// The name of the workspace that commands are about.
    package var current: String?
    package var workspaces: [Login]

    package init(current: String? = nil, workspaces: [Login] = []) {
        self.current = current
        self.workspaces = workspaces
    }

    package var currentLogin: Login? { current.flatMap { login($0) } }

    /// The saved workspace of that name, ignoring case, or id.
    package func login(_ reference: String) -> Login? {
        let folded = reference.lowercased()
        return workspaces.first { $0.name.lowercased() == folded } ?? workspaces.first { $0.workspaceId == folded }
    }

    /// Adds a workspace, in the place of what was known of it, and returns the name under which it is chosen.
    @discardableResult
    package mutating func save(_ login: Login) -> String {
        var login = login
        if let index = workspaces.firstIndex(where: { $0.apiUrl == login.apiUrl && $0.workspaceId == login.workspaceId }
        ) {
            let old = workspaces.remove(at: index)
            if current == old.name { current = nil }
        }
        if self.login(login.name) != nil {
            let host = login.apiUrl.split(separator: "/", omittingEmptySubsequences: true).last.map(String.init) ?? ""
            login.name += "@\(host)"
        }
        workspaces.append(login)
        return login.name
    }

    /// Forgets a workspace, with all that share its session.
    package mutating func forget(_ login: Login) {
        workspaces.removeAll { other in
            other == login || (login.session != nil && other.session == login.session)
        }
        if currentLogin == nil { current = workspaces.first?.name }
    }
}

extension SavedWorkspaces {
    /// `$XDG_CONFIG_HOME/attache/config.json`, or below `~/.config`.
    package static func path(environment: [String: String]) -> String? {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let folder = variable("XDG_CONFIG_HOME") ?? variable("HOME").map { "\($0)/.config" }
        return folder.map { "\($0)/attache/config.json" }
    }

    /// What is in the file; nothing when there is none.
    package static func load(from path: String?) throws(CommandError) -> SavedWorkspaces {
        guard let path else { return SavedWorkspaces() }
        var status = stat()
        guard stat(path, &status) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return SavedWorkspaces() }
            throw .unreadableFile(path: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .usage("\(path) can be read by others, and it holds tokens", hint: "chmod 600 \(path)")
        }
        let contents = try BoundedFile(path: path, limit: 1 << 20).contents()
        do {
            return try contents.withBytes { try JSONDecoder().decode(SavedWorkspaces.self, from: Data($0)) }
        } catch {
            throw .usage("\(path) is not what attache login writes", hint: "remove it and log in again")
        }
    }

    /// Writes the file anew, in the place of the one that is there.
    package func write(to path: String?) throws(CommandError) {
        guard let path, let slash = path.lastIndex(of: "/") else {
            throw .usage("there is no place for config.json", hint: "set HOME or XDG_CONFIG_HOME")
        }
        try Self.makeFolder(String(path[..<slash]))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let bytes = try? encoder.encode(self) else { throw .outputFailed(reason: "\(path): no JSON") }
        try PrivateFile(at: path).write(Array(bytes), replacing: true)
    }

    private static func makeFolder(_ path: String) throws(CommandError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            guard mkdir(made, 0o700) == 0 || errno == EEXIST || access(made, F_OK) == 0 else { throw failed(path) }
        }
    }

    private static func failed(_ path: String) -> CommandError {
        .outputFailed(reason: "\(path): \(String(cString: strerror(errno)))")
    }
}
