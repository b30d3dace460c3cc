// SPDX-License-Identifier: Apache-2.0

internal import GRDB
internal import GRDBSQLite
internal import Glibc

// The one place where a cause below the store becomes a failure of it.

extension StorageFailure {
    /// From errno of a call on the data folder.
    init(errno code: Int32) {
        switch code {
        case ENOSPC, EDQUOT: self = .full
        case EROFS, EACCES, EPERM: self = .readOnly
        default: self = .unavailable
        }
    }

    /// From an extended result code of SQLite (sqlite.org/rescode.html).
    init(sqliteCode code: Int32) {
        // The index beside the log could not grow: the disk is full, and nothing of the log is in doubt.
        if code == Self.indexCannotGrow {
            self = .full
            return
        }
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED: self = .busy
        case SQLITE_FULL: self = .full
        case SQLITE_READONLY, SQLITE_PERM: self = .readOnly
        case SQLITE_CORRUPT, SQLITE_NOTADB: self = .corrupt
        case SQLITE_CONSTRAINT: self = .constraint
        default: self = .unavailable
        }
    }

    /// From what GRDB throws: the result code is taken and the rest left, for it quotes the statement.
    init(_ error: any Error) {
        switch error {
        case let failure as StorageFailure: self = failure
        case let error as DatabaseError: self.init(sqliteCode: error.extendedResultCode.rawValue)
        default: self = .unavailable
        }
    }

    /// `SQLITE_IOERR_SHMSIZE`, a macro that Swift does not see.
    private static let indexCannotGrow: Int32 = SQLITE_IOERR | (19 << 8)
}
