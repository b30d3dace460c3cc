// SPDX-License-Identifier: Apache-2.0

/// How far the making, the verification or the restoring of a backup is.
package struct BackupProgress: Equatable, Sendable {
    package enum Phase: String, Sendable {
        /// The database is copied from a snapshot; parts are its pages.
        case copying
        /// The archive is written; parts are bytes.
        case writing
        /// The database is taken out of the archive; parts are bytes.
        case extracting
        /// Records are opened, codes and chains verified; parts are rows, and how many there are is not known.
        case verifying
    }

    package var phase: Phase
    package var done: Int64
    /// 0 when it is not known.
    package var total: Int64
}
