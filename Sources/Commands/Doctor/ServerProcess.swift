// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Glibc
internal import VaultModel

/// The process behind a socket, as the kernel knows it.
package struct ServerProcess {
    let pid: Int32

    /// Connects and asks who listens (`SO_PEERCRED`, unix(7)); nil where nobody does, or nobody of this PID namespace.
    init?(listeningOn path: String) {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else { return nil }
        var peer = ckernel_peer_credentials()
        var length = socklen_t(MemoryLayout.size(ofValue: peer))
        guard getsockopt(descriptor, SOL_SOCKET, ckernel_peer_credentials_option(), &peer, &length) == 0, peer.pid > 0
        else {
            return nil
        }
        pid = peer.pid
    }

    /// The largest core file that the process may leave, in bytes (proc(5)); nil where it cannot be read.
    var coreLimit: UInt64? {
        guard let limits = try? BoundedFile(path: "/proc/\(pid)/limits", limit: 16_384).contents() else { return nil }
        return limits.withBytes { Self.coreLimit(in: String(decoding: $0, as: UTF8.self)) }
    }

    /// The soft limit in the text of `/proc/PID/limits`.
    package static func coreLimit(in limits: String) -> UInt64? {
        let label = "Max core file size"
        guard let line = limits.split(separator: "\n").first(where: { $0.hasPrefix(label) }) else { return nil }
        guard let soft = line.dropFirst(label.count).split(separator: " ").first else { return nil }
        return soft == "unlimited" ? .max : UInt64(soft)
    }
}
