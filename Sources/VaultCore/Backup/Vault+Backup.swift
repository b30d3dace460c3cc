// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import BackupArchive
internal import Dispatch
internal import Foundation
internal import Glibc
internal import Sealing
internal import Storage
internal import VaultModel

extension Vault {
    /// Writes a backup into `folder`, which is made when it is missing, and returns when it is on the disk.
    ///
    /// The vault goes on working. The file has its name only when it is whole: what an earlier one that was cut off left
    /// behind is removed first. One at a time: see ``BackupStore``.
    func backUp(
        to folder: String,
        id: String,
        progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws(BackupError) -> BackupFile {
        let now = clock.now
        let name = BackupFile.name(of: id, at: now)
        let database = "\(folder)/.\(name).db"
        let unfinished = BackupFile(path: "\(folder)/.\(name).part")
        let finished = BackupFile(path: "\(folder)/\(name)")
        do {
            try await onThread { try Self.prepare(folder) }
        } catch {
            throw .target
        }
        // So that the manifest's checkpoints cover all there is. A trail that is damaged is backed up like any other:
        // verifications of the trail and of the backup tell.
        _ = try? await makeDueCheckpoints(all: true)
        do {
            try await engine.copy(to: database) { done, total in
                progress(BackupProgress(phase: .copying, done: done, total: total))
            }
        } catch {
            throw .storage(error)
        }
        let (keys, version) = (keys, identity.version)
        do {
            try await onThread {
                defer { Self.removeDatabase(at: database) }
                let manifest = try Self.manifest(of: database, id: id, at: now, version: version, keys: keys)
                try unfinished.write(manifest, database: database) { done in
                    progress(BackupProgress(phase: .writing, done: done, total: manifest.databaseBytes))
                }
                guard rename(unfinished.path, finished.path) == 0, Self.synchronize(folder) else {
                    throw BackupError.target
                }
            }
        } catch let error as BackupError {
            throw error
        } catch let failure as StorageFailure {
            throw .storage(failure)
        } catch {
            throw .target
        }
        return finished
    }

    private static func manifest(
        of database: String,
        id: String,
        at time: Timestamp,
        version: String,
        keys: HeldKeys
    ) throws -> BackupManifest {
        let copy = DatabaseCopy(path: database)
        let inspection = try copy.inspect()
        // The ring of the copy, which may be older than the one in use by now.
        let rings = inspection.keyRings.lazy.compactMap { row in
            keys.master(row.masterKeyID).flatMap { try? KeyRing(unwrapping: row.wrapped, under: $0) }
        }
        guard let ring = rings.first else { throw BackupError.damaged("the key ring of the copy does not open") }
        let chains = try copy.read { try BackupManifest.Chain.all(of: $0) }
        var (digest, bytes) = (RunningDigest(), Int64(0))
        try forEachChunk(of: database) { chunk in
            digest.add(chunk)
            bytes += Int64(chunk.count)
        }
        var manifest = BackupManifest(
            format: BackupManifest.format,
            id: id,
            createdAt: time,
            version: version,
            schemaVersion: inspection.schemaVersion,
            masterKeyIds: inspection.keyRings.map(\.masterKeyID),
            databaseBytes: bytes,
            databaseDigest: hexadecimal(digest.finish()),
            chains: chains,
            code: ""
        )
        manifest.code = hexadecimal(ring.rowCode(for: manifest.content, scope: .system))
        return manifest
    }

    private static func forEachChunk(of path: String, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw BackupError.target }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw BackupError.target }
            if count == 0 { return }
            buffer.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }

    /// Makes the folder, mode 0700, and removes what a backup that was cut off left in it.
    private static func prepare(_ folder: String) throws {
        let manager = FileManager.default
        if !manager.fileExists(atPath: folder) {
            try manager.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        }
        for name in try manager.contentsOfDirectory(atPath: folder) where name.hasPrefix(".attache-") {
            unlink("\(folder)/\(name)")
        }
    }

    private static func removeDatabase(at path: String) {
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
    }

    static func synchronize(_ folder: String) -> Bool {
        let descriptor = Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return fsync(descriptor) == 0
    }
}

/// Runs `body` on a thread that may block.
func onThread<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}
