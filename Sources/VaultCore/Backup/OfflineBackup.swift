// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import AuditTrail
internal import BackupArchive
internal import Foundation
internal import Glibc
package import Sealing
internal import Storage
package import VaultModel

/// Opening a backup without a server: to verify it, or to restore it.
///
/// The key is compared with what the manifest says before anything is written anywhere.
package struct OfflineBackup: Sendable {
    package let file: BackupFile
    let master: MasterKey
    /// The program that reads it.
    let version: String
    let clock: any WallClock

    package init(file: BackupFile, master: MasterKey, version: String, clock: any WallClock = SystemWallClock()) {
        self.file = file
        self.master = master
        self.version = version
        self.clock = clock
    }

    /// Opens every record of the backup and verifies every code and chain, in a folder of its own below `work`, which is
    /// removed again.
    package func verify(
        in work: String,
        progress: @escaping @Sendable (BackupProgress) -> Void = { _ in }
    ) async throws(BackupError) -> (manifest: BackupManifest, findings: VerificationFindings) {
        try checkKey()
        let folder = "\(work)/.attache-verify-\(getpid())-\(UInt32.random(in: .min ... .max))"
        defer { remove(folder) }
        let (opened, manifest) = try await open(in: folder, progress: progress)
        let findings: VerificationFindings
        do {
            findings = try await examine(opened, progress)
        } catch {
            try? await opened.engine.close()
            throw error
        }
        try? await opened.engine.close()
        return (manifest, findings)
    }

    /// Restores the backup into the folder `target`, which is missing or empty.
    ///
    /// Everything is verified in a folder inside of it first; when nothing else is left of that folder, the database gets
    /// its name, in one step. A restore that is cut off leaves the target without a database, and can be begun again;
    /// where the database is, the restore is complete. The audit trail of the restored vault says that it was restored.
    package func restore(
        to target: String,
        progress: @escaping @Sendable (BackupProgress) -> Void = { _ in }
    ) async throws(BackupError) -> (manifest: BackupManifest, findings: VerificationFindings) {
        let (unfinished, unnamed) = ("\(target)/.restoring", "\(target)/.restored")
        try Self.requireEmpty(target, besides: [".restoring", ".restored"])
        try checkKey()
        for leftover in [unfinished, unnamed] { remove(leftover) }
        defer { for leftover in [unfinished, unnamed] { remove(leftover) } }
        let (opened, manifest) = try await open(in: unfinished, progress: progress)
        let findings: VerificationFindings
        do {
            findings = try await accept(opened, manifest, progress)
        } catch {
            try? await opened.engine.close()
            throw error
        }
        do { try await opened.engine.close() } catch { throw .storage(error) }
        try Self.takeOut("\(unfinished)/\(BackupManifest.databaseName)", to: unnamed)
        remove(unfinished)
        guard rename(unnamed, "\(target)/\(BackupManifest.databaseName)") == 0, Vault.synchronize(target) else {
            throw .target
        }
        return (manifest, findings)
    }

    /// Verifies what is to be restored, and records in it that it was.
    private func accept(
        _ opened: OpenedVault,
        _ manifest: BackupManifest,
        _ progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws(BackupError) -> VerificationFindings {
        let findings = try await examine(opened, progress)
        guard findings.problems.isEmpty else { throw .notIntact(findings.problems) }
        try await record(manifest, in: opened.vault)
        return findings
    }

    /// Moves the database, which is closed; its log is empty and stays behind.
    private static func takeOut(_ database: String, to place: String) throws(BackupError) {
        var log = stat()
        let isWhole = stat("\(database)-wal", &log) != 0 || log.st_size == 0
        guard isWhole, rename(database, place) == 0 else { throw .target }
    }

    private func checkKey() throws(BackupError) {
        let manifest = try file.manifest()
        guard manifest.masterKeyIds.contains(master.id.text) else {
            throw .wrongMasterKey(needed: manifest.masterKeyIds, given: master.id.text)
        }
    }

    /// Takes the database out into `folder` and opens the vault; its manifest and its contents vouch for each other.
    private func open(
        in folder: String,
        progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws(BackupError) -> (OpenedVault, BackupManifest) {
        let file = file
        let manifest: BackupManifest
        let claimed: DataFolder
        do {
            (manifest, claimed) = try await onThread {
                let total = try file.manifest().databaseBytes
                let claimed = try DataFolder(claiming: folder)
                let manifest = try file.extractDatabase(to: "\(folder)/\(BackupManifest.databaseName)") { done in
                    progress(BackupProgress(phase: .extracting, done: done, total: total))
                }
                return (manifest, claimed)
            }
        } catch let error as BackupError {
            throw error
        } catch let failure as StorageFailure {
            throw .storage(failure)
        } catch {
            throw .target
        }
        let opened: OpenedVault
        do {
            opened = try await Vault.open(claimed, under: master, clock: clock, version: version)
        } catch {
            throw .opening(error)
        }
        do {
            try await check(manifest, against: opened)
        } catch {
            try? await opened.engine.close()
            throw error
        }
        return (opened, manifest)
    }

    private func check(_ manifest: BackupManifest, against opened: OpenedVault) async throws(BackupError) {
        let vault = opened.vault
        guard opened.workspaceKey == nil else { throw .damaged("the database is empty") }
        guard let code = bytes(ofHexadecimal: manifest.code),
            (try? vault.ring.verify(code, of: manifest.content, scope: .system)) != nil
        else { throw .damaged("the manifest was changed") }
        let heads: [BackupManifest.Chain]
        do {
            heads = try await vault.engine.read { try BackupManifest.Chain.all(of: $0) }
        } catch {
            throw .damaged("the audit trail cannot be read")
        }
        guard heads == manifest.chains else { throw .damaged("the audit trail does not end where the manifest says") }
    }

    private func examine(
        _ opened: OpenedVault,
        _ progress: @escaping @Sendable (BackupProgress) -> Void
    ) async throws(BackupError) -> VerificationFindings {
        do {
            return try await opened.vault.verification { rows in
                progress(BackupProgress(phase: .verifying, done: rows, total: 0))
            }
        } catch {
            throw .vault(error)
        }
    }

    private func record(_ manifest: BackupManifest, in vault: Vault) async throws(BackupError) {
        do {
            try await vault.recordAsServer(
                AuditEvent(
                    action: .backupRestore,
                    subjects: [AuditSubject(kind: .backup, id: manifest.id)],
                    details: [AuditDetail(key: "created", value: manifest.createdAt.rfc3339)]
                )
            )
        } catch {
            throw .vault(error)
        }
    }

    private func remove(_ folder: String) { try? FileManager.default.removeItem(atPath: folder) }

    private static func requireEmpty(_ path: String, besides leftovers: [String]) throws(BackupError) {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue, let contents = try? FileManager.default.contentsOfDirectory(atPath: path) else {
            throw .target
        }
        // A file system of its own has a folder for what it finds damaged.
        guard contents.allSatisfy({ leftovers.contains($0) || $0 == "lost+found" }) else { throw .notEmpty }
    }
}

extension Vault {
    /// Records an act of the server itself, in the trail of the operator's workspace.
    func recordAsServer(_ event: AuditEvent) async throws(VaultError) {
        let now = clock.now
        let ring = ring
        try await mappingErrors {
            try await engine.write { connection in
                guard let user = try connection.firstUser(),
                    let workspace = try connection.personalWorkspace(of: user.id)
                else { throw VaultError.notFound(.workspace) }
                try Trail(connection: connection, ring: ring, requestID: nil)
                    .append(event, workspace: workspace.id, actor: .server, at: now)
            }
        }
    }
}
