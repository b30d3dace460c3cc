// SPDX-License-Identifier: Apache-2.0

package import APIClient
package import VaultModel

/// Which server a command talks to, and as whom.
package struct ClientSettings: Sendable {
    package let address: ServerAddress
    /// The socket on which agents are started; `exec` hands it on.
    package let agentSocket: String
    /// The URL at which agents are started instead, where the server is one and no such socket was named.
    package let startURL: String?
    package let key: SharedSecret?
    /// The id or the name of the workspace that requests are about; nil for the personal one, or the key's.
    package let workspace: String?
    /// A PEM file of certificates that are trusted instead of the system's.
    package let certificates: String?

    /// Decides in this order: the command line, `ATTACHE_SOCKET`, `ATTACHE_ADDRESS`, what `attache login` saved, the
    /// socket of this user's server.
    ///
    /// A variable that is set and empty counts as not set. A saved token goes to the server that it was saved for and to
    /// no other. `isLoggingIn` asks for no key: one is about to be got.
    package init(
        socket: String? = nil,
        address addressOption: String? = nil,
        workspace workspaceOption: String? = nil,
        agentSocket agentSocketOption: String? = nil,
        saved: SavedWorkspaces = SavedWorkspaces(),
        isLoggingIn: Bool = false,
        environment: [String: String],
        userID: UInt32
    ) throws(CommandError) {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let places = ClientPlaces(environment: environment, userID: userID)
        guard socket == nil || addressOption == nil else {
            throw .usage("--socket and --address are two ways to say the same", hint: "give one of them")
        }
        let wanted = workspaceOption ?? variable("ATTACHE_WORKSPACE")
        let chosen = wanted.map { saved.login($0) ?? saved.currentLogin } ?? saved.currentLogin
        let given: ServerAddress?
        if let socket {
            given = try Self.address(socket: socket, from: "--socket")
        } else if let addressOption {
            given = try Self.address(addressOption, from: "--address")
        } else if let socket = variable("ATTACHE_SOCKET") {
            given = try Self.address(socket: socket, from: "ATTACHE_SOCKET")
        } else if let text = variable("ATTACHE_ADDRESS") {
            given = try Self.address(text, from: "ATTACHE_ADDRESS")
        } else {
            given = nil
        }
        let login: SavedWorkspaces.Login?
        if let given {
            address = given
            login = isLoggingIn ? nil : Self.login(at: given, chosen: chosen, among: saved)
        } else if let chosen {
            address = try Self.address(chosen.apiUrl, from: "config.json")
            login = isLoggingIn ? nil : chosen
        } else {
            address = try Self.address(socket: places.socket, from: "the default socket")
            login = nil
        }
        let named = agentSocketOption ?? variable("ATTACHE_AGENT_SOCKET")
        switch address {
        case .socket(let path):
            agentSocket = named ?? ClientPlaces.agentSocket(beside: path)
            startURL = nil
        case .url(let url):
            agentSocket = named ?? ClientPlaces.agentSocket(beside: places.socket)
            startURL = named == nil ? url : nil
        }
        let variableKey = try Self.key(file: variable("ATTACHE_API_KEY_FILE"), text: variable("ATTACHE_API_KEY"))
        if let variableKey {
            key = variableKey
        } else {
            key = try Self.key(text: login?.token, origin: "config.json")
        }
        // What is saved goes with the saved token; another key is for another workspace.
        let isSaved = wanted.map { saved.login($0) != nil } ?? true
        workspace = isSaved && variableKey == nil ? login?.workspaceId ?? wanted : wanted
        certificates = variable("ATTACHE_CA_FILE")
        if case .url = address, key == nil, !isLoggingIn {
            throw .usage(
                "an address needs a login or a workspace key, and there is none",
                hint: "log in with attache login, or set ATTACHE_API_KEY or ATTACHE_API_KEY_FILE"
            )
        }
    }

    /// What was saved for the server at `address`: the chosen workspace first.
    private static func login(
        at address: ServerAddress,
        chosen: SavedWorkspaces.Login?,
        among saved: SavedWorkspaces
    ) -> SavedWorkspaces.Login? {
        let all = (chosen.map { [$0] } ?? []) + saved.workspaces
        return all.first { (try? ServerAddress($0.apiUrl)) == address }
    }

    private static func address(socket path: String, from origin: String) throws(CommandError) -> ServerAddress {
        do {
            return try ServerAddress(socketPath: path)
        } catch {
            throw usage(error, origin)
        }
    }

    private static func address(_ text: String, from origin: String) throws(CommandError) -> ServerAddress {
        do {
            return try ServerAddress(text)
        } catch {
            throw usage(error, origin)
        }
    }

    private static func usage(_ error: ServerAddressError, _ origin: String) -> CommandError {
        switch error {
        case .notAnAddress:
            .usage("\(origin) is not an address", hint: "write it like https://vault.example:8750 or unix:///path")
        case .readableOnTheNetwork:
            .usage("\(origin) would send the key readable over the network", hint: "use https://")
        case .socketPathTooLong:
            .usage("\(origin): a socket's path has at most \(ServerAddress.maximumSocketPathBytes) bytes")
        }
    }

    /// Reads the key and checks that it can be one; it is never part of an error.
    private static func key(file: String?, text: String?) throws(CommandError) -> SharedSecret? {
        if let file {
            let bytes = try BoundedFile(path: file, limit: 4096).contents().droppingFinalNewline()
            return try checked(bytes, origin: "ATTACHE_API_KEY_FILE")
        }
        return try key(text: text, origin: "ATTACHE_API_KEY")
    }

    private static func key(text: String?, origin: String) throws(CommandError) -> SharedSecret? {
        guard let text else { return nil }
        return try checked(SecretBytes(copying: Array(text.utf8)), origin: origin)
    }

    /// A key or a session's token, checked for what can be sent in a header.
    package static func checked(_ bytes: consuming SecretBytes, origin: String) throws(CommandError) -> SharedSecret {
        let isKey = bytes.withBytes { bytes in
            (bytes.starts(with: "ak_ws_".utf8) || bytes.starts(with: "ses_".utf8)) && bytes.count <= 256
                && bytes.allSatisfy { (0x21...0x7E).contains($0) }
        }
        guard isKey else { throw .usage("\(origin) holds no workspace key: they begin with ak_ws_") }
        return SharedSecret(bytes)
    }
}

/// The paths that are used when nothing else was said: the system's for root, those of the XDG base directories for
/// anybody else.
package struct ClientPlaces: Equatable, Sendable {
    package let socket: String
    package let masterKeyFile: String
    package let data: String

    package init(environment: [String: String], userID: UInt32) {
        if userID == 0 {
            socket = "/run/attache/attache.sock"
            masterKeyFile = "/etc/attache/master.key"
            data = "/var/lib/attache"
            return
        }
        let home = environment["HOME"] ?? "/nonexistent"
        socket = "\(environment["XDG_RUNTIME_DIR"] ?? "\(home)/.local/state")/attache/attache.sock"
        masterKeyFile = "\(environment["XDG_CONFIG_HOME"] ?? "\(home)/.config")/attache/master.key"
        data = "\(environment["XDG_DATA_HOME"] ?? "\(home)/.local/share")/attache"
    }

    /// The agents' socket lies in the folder of the operator's.
    package static func agentSocket(beside socket: String) -> String {
        guard let slash = socket.lastIndex(of: "/") else { return "agent.sock" }
        return "\(socket[...slash])agent.sock"
    }
}
