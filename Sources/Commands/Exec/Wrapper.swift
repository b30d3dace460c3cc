// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The program `attache-exec`, which fetches an agent's values and becomes the command.
package struct Wrapper: Equatable, Sendable {
    package let path: String

    /// Where the program lies: `ATTACHE_EXEC_PATH` and nowhere else, or beside this program, or in `PATH`.
    ///
    /// For an address of TLS it is another program, `attache-exec-tls`.
    package static func find(
        environment: [String: String],
        address: String = "unix://",
        programFolder: String? = Wrapper.programFolder
    ) throws(CommandError) -> Wrapper {
        if let path = environment["ATTACHE_EXEC_PATH"], !path.isEmpty {
            guard isExecutable(path) else { throw .wrapperMissing(path: path) }
            return Wrapper(path: path)
        }
        let inPath = (environment["PATH"] ?? "").split(separator: ":", omittingEmptySubsequences: true).map(String.init)
        // A relative folder in PATH would run whatever lies in the current one.
        let folders = [programFolder].compactMap(\.self) + inPath.filter { $0.hasPrefix("/") }
        let name = address.hasPrefix("https://") ? "attache-exec-tls" : "attache-exec"
        guard let path = folders.lazy.map({ "\($0)/\(name)" }).first(where: isExecutable) else {
            throw .wrapperMissing(path: nil)
        }
        return Wrapper(path: path)
    }

    /// The folder of the program that runs (proc(5)).
    package static var programFolder: String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { text in
                text.baseAddress.map { readlink("/proc/self/exe", $0, text.count) } ?? 0
            }
        }
        guard count > 0, count < buffer.count else { return nil }
        let path = String(decoding: buffer.prefix(count), as: UTF8.self)
        return path.lastIndex(of: "/").map { String(path[..<$0]) }
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    /// The environment that the wrapper gets: this process's, with the session instead of the operator's own settings.
    package static func environment(
        from inherited: [String: String],
        token: String,
        address: String,
        certificates: String? = nil
    ) -> [String: String] {
        // The wrapper drops every ATTACHE_… before the command starts; these would already mislead the wrapper.
        let ours: Set = [
            "ATTACHE_ADDRESS", "ATTACHE_AGENT_SOCKET", "ATTACHE_API_KEY", "ATTACHE_API_KEY_FILE", "ATTACHE_CA_FILE",
            "ATTACHE_EXEC_PATH", "ATTACHE_GATEWAY_TOKEN", "ATTACHE_GATEWAY_TOKEN_FILE", "ATTACHE_SESSION",
            "ATTACHE_SOCKET",
        ]
        var variables = inherited.filter { !ours.contains($0.key) }
        variables["ATTACHE_SESSION"] = "1"
        variables["ATTACHE_GATEWAY_TOKEN"] = token
        variables["ATTACHE_ADDRESS"] = address
        variables["ATTACHE_CA_FILE"] = certificates
        return variables
    }

    /// Becomes the wrapper; returns only where that fails.
    func become(arguments: [String], environment: [String: String]) -> CommandError {
        InheritedSettings.atStart.restore()
        let argv = cStrings([path] + arguments)
        let envp = cStrings(environment.map { "\($0.key)=\($0.value)" })
        execve(path, argv, envp)
        return .wrapperFailed(path: path, reason: String(cString: strerror(errno)))
    }

    /// A vector as execve(2) takes it.
    ///
    /// Not freed: the process becomes another one or ends.
    private func cStrings(_ strings: [String]) -> [UnsafeMutablePointer<CChar>?] {
        strings.map { strdup($0) } + [nil]
    }
}
