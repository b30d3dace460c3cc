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
    /// A PEM file of certificates that are trusted instead of the system's.
    package let certificates: String?

    /// Decides in this order: the command line, `ATTACHE_SOCKET`, `ATTACHE_ADDRESS`, the socket of this user's server.
    ///
    /// A variable that is set and empty counts as not set.
    package init(
        socket: String? = nil,
        address addressOption: String? = nil,
        agentSocket agentSocketOption: String? = nil,
        environment: [String: String],
        userID: UInt32
    ) throws(CommandError) {
        func variable(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let places = ClientPlaces(environment: environment, userID: userID)
        guard socket == nil || addressOption == nil else {
            throw .usage("--socket and --address are two ways to say the same", hint: "give one of them")
        }
        if let socket {
            address = try Self.address(socket: socket, from: "--socket")
        } else if let addressOption {
            address = try Self.address(addressOption, from: "--address")
        } else if let socket = variable("ATTACHE_SOCKET") {
            address = try Self.address(socket: socket, from: "ATTACHE_SOCKET")
        } else if let text = variable("ATTACHE_ADDRESS") {
            address = try Self.address(text, from: "ATTACHE_ADDRESS")
        } else {
            address = try Self.address(socket: places.socket, from: "the default socket")
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
        key = try Self.key(file: variable("ATTACHE_API_KEY_FILE"), text: variable("ATTACHE_API_KEY"))
        certificates = variable("ATTACHE_CA_FILE")
        if case .url = address, key == nil {
            throw .usage(
                "an address needs a workspace key, and there is none",
                hint: "set ATTACHE_API_KEY, or ATTACHE_API_KEY_FILE to a file that holds it"
            )
        }
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
        let bytes: SecretBytes
        let origin: String
        if let file {
            bytes = try BoundedFile(path: file, limit: 4096).contents().droppingFinalNewline()
            origin = "ATTACHE_API_KEY_FILE"
        } else if let text {
            bytes = SecretBytes(copying: Array(text.utf8))
            origin = "ATTACHE_API_KEY"
        } else {
            return nil
        }
        let isKey = bytes.withBytes { bytes in
            bytes.starts(with: "ak_ws_".utf8) && bytes.count <= 256 && bytes.allSatisfy { (0x21...0x7E).contains($0) }
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
