// SPDX-License-Identifier: Apache-2.0

internal import Glibc

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// The file of a Unix socket that is about to be bound.
package struct SocketFile: Sendable {
    package let path: String
    /// Who may connect: the owner, or everybody.
    package let mode: UInt32

    package init(path: String, mode: UInt32) {
        self.path = path
        self.mode = mode
    }

    /// Makes way: the folder exists and nothing is at the path.
    ///
    /// A socket that nobody listens on is what a killed server left behind and is removed. A live server's socket, or a
    /// file that is no socket, is never touched.
    package func prepare() throws(SocketFileError) {
        guard path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path) else { throw .pathTooLong }
        try makeFolder()
        guard let type = Self.type(of: path) else { return }
        guard type == .typeSocket else { throw .notASocket }
        guard !isListenedOn() else { throw .inUse }
        guard unlink(path) == 0 else { throw .notPermitted }
    }

    /// What is at a path, a symbolic link as such; nil where there is nothing.
    private static func type(of path: String) -> FileAttributeType? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }

    package func applyMode() {
        chmod(path, mode)
    }

    /// Where containers find the socket: the same one, in a folder that holds nothing else.
    ///
    /// An engine mounts the folder and not the socket, so that a server that starts anew is found again; and the folder
    /// that both sockets are in is none that a container may see.
    package var pathForContainers: String {
        let slash = path.lastIndex(of: "/")
        let folder = slash.map { String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        return "\(folder)/agents/\(name)"
    }

    /// Makes ``pathForContainers`` another name of the socket that is bound (link(2)).
    package func linkForContainers() throws(SocketFileError) {
        let file = SocketFile(path: pathForContainers, mode: mode)
        try file.makeFolder()
        if let type = Self.type(of: file.path) {
            guard type == .typeSocket else { throw .notASocket }
            guard unlink(file.path) == 0 else { throw .notPermitted }
        }
        guard link(path, file.path) == 0 else { throw .notPermitted }
    }

    /// Makes the folders that are missing; anybody may enter them, whatever the umask: who may connect, the socket says.
    private func makeFolder() throws(SocketFileError) {
        guard let slash = path.lastIndex(of: "/") else { return }
        var made = ""
        for part in path[..<slash].split(separator: "/", omittingEmptySubsequences: false) {
            made += part.isEmpty && made.isEmpty ? "/" : (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
            if mkdir(made, 0o755) == 0 {
                guard chmod(made, 0o755) == 0 else { throw .notPermitted }
            } else {
                guard errno == EEXIST || access(made, F_OK) == 0 else { throw .notPermitted }
            }
        }
    }

    private func isListenedOn() -> Bool {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return true }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        return connected == 0 || errno != ECONNREFUSED
    }
}

/// Why a socket cannot be made at its path.
package enum SocketFileError: Error, Equatable {
    case inUse
    case notASocket
    case notPermitted
    case pathTooLong
}
