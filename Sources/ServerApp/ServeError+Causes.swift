// SPDX-License-Identifier: Apache-2.0

internal import HTTPAPI
internal import Sealing
internal import Storage
internal import UnixSockets
internal import VaultCore

// The one place where a cause below the server becomes what its operator reads.

extension ServeError {
    init(_ failure: StorageFailure, path: String) {
        switch failure {
        case .locked:
            self = .data("another server uses the data folder \(path)", hint: "stop it first, or choose another --data")
        case .readOnly:
            self = .data("the data folder \(path) cannot be written", hint: "check its owner, its mode and the mount")
        case .full:
            self = .data("the disk of the data folder \(path) is full", hint: "free space; nothing was changed")
        case .newerSchema(let found, let known):
            self = .configuration(
                "the data has schema \(found), this program knows up to \(known)",
                hint: "nothing was changed; use the newer attache"
            )
        case .corrupt:
            self = .data("the database in \(path) is damaged", hint: "keep a copy of the folder, then restore a backup")
        case .unsafeSetting(let name):
            self = .configuration("SQLite did not accept the setting \(name), which durability rests on", hint: nil)
        case .busy, .constraint, .unavailable:
            self = .data("the data folder \(path) cannot be used", hint: nil)
        }
    }

    init(_ error: VaultOpeningError, path: String) {
        switch error {
        case .storage(let failure): self.init(failure, path: path)
        case .sealing(.wrongMasterKey(let expected, let given)):
            self = .masterKey(
                "this data was sealed under master key \(expected), and the key given is \(given)",
                hint: "nothing was changed; give the right key with --master-key-file"
            )
        case .sealing:
            self = .masterKey("the key ring in \(path) is damaged", hint: "nothing was changed; restore a backup")
        case .noKeyRing:
            self = .masterKey(
                "the data in \(path) has lost its key ring",
                hint: "nothing was changed; a new one would make the data unreadable for good: restore a backup"
            )
        case .founding(let error):
            self =
                error == .storage(.full)
                ? .data("the disk of the data folder \(path) is full", hint: "free space and start again")
                : .data("the vault in \(path) could not be founded", hint: nil)
        }
    }

    init(_ error: SocketFileError, configuration: ServerConfiguration) {
        switch error {
        case .inUse:
            self = .listen(
                "a server listens on \(configuration.socket) or \(configuration.agentSocket) already",
                hint: "stop it first, or choose others with --socket and --agent-socket"
            )
        case .notASocket:
            self = .listen(
                "\(configuration.socket) or \(configuration.agentSocket) exists and is not a socket",
                hint: "it was left alone; move it away or choose another path"
            )
        case .notPermitted:
            self = .listen(
                "the sockets' folder cannot be written",
                hint: "check its owner, or choose other paths with --socket and --agent-socket"
            )
        case .pathTooLong:
            self = .configuration("a socket's path has more than 107 bytes", hint: "choose a shorter one")
        }
    }
}
