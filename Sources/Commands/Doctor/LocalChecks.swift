// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import Glibc
package import VaultModel

/// What can be looked at on this machine without asking the server.
package struct LocalChecks {
    private let settings: ClientSettings
    private let environment: [String: String]
    private let userID: UInt32

    package init(settings: ClientSettings, environment: [String: String], userID: UInt32) {
        self.settings = settings
        self.environment = environment
        self.userID = userID
    }

    package var all: [Check] { [operatorSocket, agentsSocket, masterKeyFile, dataFolder, wrapper, coreFiles] }

    private var operatorSocket: Check {
        let name = "operator's socket"
        guard case .socket(let path) = settings.address else {
            return Check(name, .skip, "the server is reached at \(settings.address)")
        }
        guard let mode = Self.mode(of: path, type: S_IFSOCK) else {
            return Check(name, .fail, "\(path) is no socket", hint: "start the server: attache serve")
        }
        guard mode & 0o077 == 0 else {
            return Check(name, .warn, "\(path) has mode \(mode.octal)", hint: "chmod 600 \(path)")
        }
        return Check(name, .ok, "\(path), mode \(mode.octal)")
    }

    private var agentsSocket: Check {
        let name = "agents' socket"
        let path = settings.agentSocket
        guard let mode = Self.mode(of: path, type: S_IFSOCK) else {
            return Check(name, .warn, "\(path) is no socket", hint: "agents on this machine cannot start without it")
        }
        guard mode & 0o222 == 0o222 else {
            return Check(name, .warn, "\(path) has mode \(mode.octal)", hint: "chmod 666 \(path)")
        }
        return Check(name, .ok, "\(path), mode \(mode.octal)")
    }

    private var masterKeyFile: Check {
        let name = "master key file"
        let named = environment["ATTACHE_MASTER_KEY_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        let path = named ?? ClientPlaces(environment: environment, userID: userID).masterKeyFile
        guard let mode = Self.mode(of: path, type: S_IFREG) else {
            return Check(name, .skip, "\(path) is not there, or not for this user to see")
        }
        guard mode & 0o077 == 0 else {
            return Check(name, .fail, "\(path) has mode \(mode.octal)", hint: "chmod 600 \(path), and rotate the key")
        }
        if let contents = try? BoundedFile(path: path, limit: 4_096).contents(), Self.isWeak(contents) {
            return Check(
                name,
                .fail,
                "\(path) holds a key that is not random",
                hint: "attache keys rotate-master --new-key-file \(path).new"
            )
        }
        return Check(name, .ok, "\(path), mode \(mode.octal); is it backed up apart from the data?")
    }

    /// Whether a key's text is one that nobody drew: 32 random bytes in hexadecimal have hardly ever fewer than ten
    /// different digits.
    package static func isWeak(_ key: borrowing SecretBytes) -> Bool {
        key.withBytes { Set($0.filter { $0 > UInt8(ascii: " ") }).count < 10 }
    }

    private var dataFolder: Check {
        let name = "data folder"
        let named = environment["ATTACHE_DATA"].flatMap { $0.isEmpty ? nil : $0 }
        let path = named ?? ClientPlaces(environment: environment, userID: userID).data
        guard let mode = Self.mode(of: path, type: S_IFDIR) else {
            return Check(name, .skip, "\(path) is not there, or not for this user to see")
        }
        guard mode & 0o077 == 0 else {
            return Check(name, .fail, "\(path) has mode \(mode.octal)", hint: "chmod 700 \(path)")
        }
        for file in ["attache.db", "attache.db-wal", "attache.lock", "attache.attempts"] {
            guard let mode = Self.mode(of: "\(path)/\(file)", type: S_IFREG), mode & 0o077 != 0 else { continue }
            return Check(name, .fail, "\(path)/\(file) has mode \(mode.octal)", hint: "chmod 600 \(path)/\(file)")
        }
        return Check(name, .ok, "\(path), mode \(mode.octal)")
    }

    private var wrapper: Check {
        let name = "attache-exec"
        let wrapper: Wrapper
        do {
            wrapper = try Wrapper.find(environment: environment)
        } catch {
            let failure = Failure(error)
            return Check(name, .warn, failure.text, hint: failure.hint)
        }
        switch Self.program(at: wrapper.path) {
        case .static: return Check(name, .ok, "\(wrapper.path), static")
        case .dynamic:
            return Check(
                name,
                .warn,
                "\(wrapper.path) is not static",
                hint: "it will not run in an image without its libraries"
            )
        case .notELF: return Check(name, .warn, "\(wrapper.path) is no program of this machine's kind")
        case nil: return Check(name, .warn, "\(wrapper.path) cannot be read")
        }
    }

    /// A core file of the server holds keys and values.
    private var coreFiles: Check {
        let name = "core files"
        guard case .socket(let path) = settings.address, let server = ServerProcess(listeningOn: path) else {
            return Check(name, .skip, "the server's process is not known")
        }
        guard let limit = server.coreLimit else { return Check(name, .skip, "process \(server.pid) cannot be read") }
        guard limit == 0 else {
            return Check(name, .fail, "the server may leave core files", hint: "start it under ulimit -c 0")
        }
        return Check(name, .ok, "the server leaves none")
    }

    /// The permission bits of a file of that type; nil where there is none.
    private static func mode(of path: String, type: mode_t) -> mode_t? {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IFMT == type else { return nil }
        return status.st_mode & 0o7777
    }

    private static func program(at path: String) -> ProgramFile? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(descriptor, &bytes, bytes.count)
        return count < 0 ? nil : ProgramFile(beginning: Array(bytes.prefix(count)))
    }
}

extension mode_t {
    fileprivate var octal: String { "0" + String(self, radix: 8) }
}
