// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// How full a file system is (statvfs(3)).
struct DiskSpace: Equatable, Sendable {
    /// What a process without privileges may still write, in bytes.
    let free: Int64
    let total: Int64

    init?(of path: String) {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { return nil }
        let unit = UInt64(status.f_frsize)
        free = Int64(clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: unit).partialValue)
        total = Int64(clamping: UInt64(status.f_blocks).multipliedReportingOverflow(by: unit).partialValue)
    }
}
