// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What this process was started with and changes for itself, so that a command that it becomes gets it unchanged.
package struct InheritedSettings: Sendable {
    private let coreLimit: rlimit
    private let pipeIsIgnored: Bool
    private let mask: sigset_t
    private let descriptors: Set<Int32>

    /// Read once, when it is first used: at the start of the program, before anything is changed.
    package static let atStart = InheritedSettings()

    private init() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        coreLimit = limit
        var pipe = sigaction()
        sigaction(SIGPIPE, nil, &pipe)
        pipeIsIgnored = pipe.isIgnoring
        var blocked = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &blocked)
        mask = blocked
        descriptors = Self.openDescriptors
    }

    /// Puts back the limit of core files, the disposition of SIGPIPE and the signal mask of this thread, and has every
    /// descriptor that was opened since then closed by execve(2).
    func restore() {
        var limit = coreLimit
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        signal(SIGPIPE, pipeIsIgnored ? SIG_IGN : SIG_DFL)
        var blocked = mask
        pthread_sigmask(SIG_SETMASK, &blocked, nil)
        // The network library's epoll descriptors stay open across execve(2).
        for descriptor in Self.openDescriptors.subtracting(descriptors) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
    }

    /// The descriptors in /proc/self/fd (proc(5)); the one that reads the folder is gone when this returns.
    private static var openDescriptors: Set<Int32> {
        guard let folder = opendir("/proc/self/fd") else { return [] }
        defer { closedir(folder) }
        var open: Set<Int32> = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let descriptor = Int32(name), descriptor != dirfd(folder) { open.insert(descriptor) }
        }
        return open
    }
}

extension sigaction {
    /// Whether the signal is ignored.
    var isIgnoring: Bool {
        // A function pointer cannot be compared in Swift, and SIG_IGN is none that can be called.
        unsafeBitCast(__sigaction_handler.sa_handler, to: UInt.self) == unsafeBitCast(SIG_IGN, to: UInt.self)
    }
}
