// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// The folder that holds the database, claimed for this process alone.
///
/// A second process is refused before it touches the database: two writers that checkpoint at once can corrupt a
/// write-ahead log (sqlite.org/wal.html, "The WAL-reset bug"). The claim is a flock(2) on `attache.lock`; it ends when
/// the engine on the folder is closed, with the folder's last reference, and with the process however it ends.
package final class DataFolder: Sendable {
    package let path: String
    private let claim = Mutex(Claim())

    private struct Claim {
        var descriptor: Int32?
        var isInUse = false

        /// Unlocks as well as closes: a child that was just forked has a copy of the descriptor until it becomes
        /// another program, and the lock lives as long as a copy does (flock(2)).
        mutating func letGo() {
            guard let descriptor else { return }
            flock(descriptor, LOCK_UN)
            Glibc.close(descriptor)
            self.descriptor = nil
        }
    }

    var databasePath: String { "\(path)/attache.db" }

    /// Makes the folder with mode 0700 when it is missing, and claims it.
    ///
    /// Throws ``StorageFailure/locked`` when another server has it, ``StorageFailure/readOnly`` when it cannot be
    /// written. Nothing but the lock's file is touched.
    package init(claiming path: String) throws(StorageFailure) {
        self.path = path
        try Self.makeFolder(path)
        // The database could be opened in a folder that takes no new file, but never written.
        guard access(path, W_OK | X_OK) == 0 else { throw StorageFailure(errno: errno) }
        let descriptor = try Self.lock("\(path)/attache.lock")
        claim.withLock { $0.descriptor = descriptor }
    }

    deinit {
        claim.withLock { $0.letGo() }
    }

    /// Looks into the database without changing a byte of it; nil when there is none yet.
    ///
    /// Throws ``StorageFailure/newerSchema(found:known:)`` for a schema that this program does not know, and
    /// ``StorageFailure/corrupt`` for a file that is no database of the vault.
    package func inspect() throws(StorageFailure) -> Inspection? {
        try DatabaseGlance(of: databasePath)?.inspect()
    }

    /// Like ``inspect()``, and has SQLite check the structure of every page.
    func inspectThoroughly() throws(StorageFailure) -> Inspection? {
        guard let glance = try DatabaseGlance(of: databasePath) else { return nil }
        let inspection = try glance.inspect()
        try glance.checkStructure()
        return inspection
    }

    /// Takes the folder for one engine; renews the claim when an engine that was closed had it before.
    func beginUse() throws(StorageFailure) {
        try claim.withLock { claim throws(StorageFailure) in
            guard !claim.isInUse else { throw .locked }
            if claim.descriptor == nil { claim.descriptor = try Self.lock("\(path)/attache.lock") }
            claim.isInUse = true
        }
    }

    /// Gives the folder back to whoever comes next.
    func endUse() {
        claim.withLock { claim in
            claim.isInUse = false
            claim.letGo()
        }
    }

    /// Makes the database's file with mode 0600, whatever the umask; SQLite gives the files beside it the same mode.
    ///
    /// Called before any connection is open: closing a descriptor of a file drops the process's locks on it
    /// (fcntl(2), "Advisory record locking").
    func makeDatabaseFile() throws(StorageFailure) {
        let descriptor = Glibc.open(databasePath, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageFailure(errno: errno) }
        defer { Glibc.close(descriptor) }
        guard fchmod(descriptor, 0o600) == 0 else { throw StorageFailure(errno: errno) }
    }

    /// Makes the creation of the files in the folder durable.
    func synchronize() throws(StorageFailure) {
        try Self.synchronize(path)
    }

    /// Returns when what stands in the write-ahead log is on the disk.
    func synchronizeLog() throws(StorageFailure) {
        // Closing a descriptor of the log drops no lock: SQLite's are on the shared-memory file.
        let descriptor = Glibc.open("\(databasePath)-wal", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageFailure(errno: errno) }
        defer { Glibc.close(descriptor) }
        guard fdatasync(descriptor) == 0 else { throw StorageFailure(errno: errno) }
    }

    private static func lock(_ path: String) throws(StorageFailure) -> Int32 {
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageFailure(errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure: StorageFailure = errno == EWOULDBLOCK ? .locked : StorageFailure(errno: errno)
            Glibc.close(descriptor)
            throw failure
        }
        return descriptor
    }

    private static func makeFolder(_ path: String) throws(StorageFailure) {
        var made = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            let parent = made.isEmpty ? "/" : made
            made += "/\(part)"
            guard access(made, F_OK) != 0 else { continue }
            guard mkdir(made, 0o700) == 0 else {
                // Another server may be making it too.
                if errno == EEXIST { continue }
                throw StorageFailure(errno: errno)
            }
            // The umask may have taken bits away from the owner.
            guard chmod(made, 0o700) == 0 else { throw StorageFailure(errno: errno) }
            try synchronize(parent)
        }
    }

    private static func synchronize(_ path: String) throws(StorageFailure) {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageFailure(errno: errno) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StorageFailure(errno: errno) }
    }
}
