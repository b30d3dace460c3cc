// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Why an archive cannot be written or read.
package enum ArchiveError: Error, Equatable, Sendable {
    case notFound
    case exists
    case full
    case denied
    /// It is no archive, is cut off, or holds something else than was expected.
    case malformed
    /// A read or a write failed.
    case failed

    init(errno code: Int32) {
        switch code {
        case ENOENT: self = .notFound
        case EEXIST: self = .exists
        case ENOSPC, EDQUOT, EFBIG: self = .full
        case EACCES, EPERM, EROFS: self = .denied
        // What libarchive says of a format that it cannot read.
        case EILSEQ, EINVAL: self = .malformed
        default: self = .failed
        }
    }
}
