// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// A file system of a given size in memory, mounted while the value lives.
package final class SmallDisk: Sendable {
    /// Whether this machine lets the tests mount one.
    package static let isAvailable = geteuid() == 0 && (try? SmallDisk(kibibytes: 64)) != nil

    private let directory: TemporaryDirectory
    package var path: String { directory.path }

    package init(kibibytes: Int) throws {
        directory = try TemporaryDirectory()
        try Self.run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k,mode=700", "tmpfs", directory.path)
    }

    deinit {
        try? Self.run("umount", "-l", directory.path)
    }

    package func makeReadOnly() throws {
        try Self.run("mount", "-o", "remount,ro", path)
    }

    /// Fills the disk but for `bytes`; what fills it is removed by ``clear()``.
    ///
    /// While no child is made: one that holds a removed file open for a moment gives its room back afterwards.
    package func fill(leaving bytes: Int = 0) throws {
        try betweenSpawns {
            let descriptor = Glibc.open("\(path)/filler", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
            guard descriptor >= 0 else { throw POSIXError(.EIO) }
            defer { Glibc.close(descriptor) }
            let page = [UInt8](repeating: 0xFF, count: 4096)
            var written = 0
            while Glibc.write(descriptor, page, page.count) == page.count { written += page.count }
            guard ftruncate(descriptor, max(0, written - bytes)) == 0 else { throw POSIXError(.EIO) }
        }
    }

    package func clear() {
        unlink("\(path)/filler")
    }

    private static func run(_ program: String, _ arguments: String...) throws {
        let pid = try spawn(
            "/usr/bin/env",
            ([program] + arguments).map { Array($0.utf8) },
            environment: [Array("PATH=/usr/sbin:/usr/bin:/sbin:/bin".utf8)],
            streams: [nil, 1, nil]
        )
        guard try Ending(of: pid) == .exit(0) else { throw POSIXError(.EPERM) }
    }
}
