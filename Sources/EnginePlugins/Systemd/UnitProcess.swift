// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Glibc
internal import NIOCore

/// The process at the other end of a connection, as the kernel knows it.
///
/// Anybody may bind an abstract name, so what it says of a unit is believed of one who could read every credential
/// anyway: root, or this process's own user, of this machine and not of a container, in the unit's control group.
struct UnitProcess {
    private let credentials: ckernel_peer_credentials
    private let pidfd: CInt?

    /// Looks at the peer of a connection; nil where the kernel does not tell.
    static func peer(of channel: any Channel) async -> UnitProcess? {
        guard let socket = channel as? any SocketOptionProvider else { return nil }
        let credentials: EventLoopFuture<ckernel_peer_credentials> = socket.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: ckernel_peer_credentials_option())
        )
        let pidfd: EventLoopFuture<CInt> = socket.unsafeGetSocketOption(
            level: .socket,
            name: NIOBSDSocket.Option(rawValue: ckernel_peer_pidfd_option())
        )
        guard let credentials = try? await credentials.get() else { return nil }
        return UnitProcess(credentials: credentials, pidfd: try? await pidfd.get())
    }

    /// Whether it is a process that the service manager made for the unit; to be asked once.
    ///
    /// While it reads credentials that process has a mount namespace of its own, so that is not compared.
    consuming func belongs(to unit: String) -> Bool {
        defer { if let pidfd { close(pidfd) } }
        let credentials = credentials
        guard credentials.uid == 0 || credentials.uid == geteuid(),
            ckernel_peer_shares_processes(credentials.pid) == 1,
            Self.groups(of: credentials.pid).contains(unit)
        else { return false }
        // The number may have become another's while it was read.
        if let pidfd, ckernel_peer_is_alive(pidfd) == 0 { return false }
        return true
    }

    /// Every component of the paths in `/proc/PID/cgroup` (cgroups(7)).
    private static func groups(of pid: Int32) -> Set<String> {
        let descriptor = open("/proc/\(pid)/cgroup", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while text.count < 1 << 16 {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { break }
            text += buffer[..<count]
        }
        let paths = text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false).last
        }
        return Set(paths.flatMap { $0.split(separator: UInt8(ascii: "/")) }.map { String(decoding: $0, as: UTF8.self) })
    }
}
