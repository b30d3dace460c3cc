// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Foundation
internal import Glibc
internal import Synchronization
package import VaultModel

/// The folder where a server keeps its backups: makes one at a time, lists them, and forgets the oldest.
package final class BackupStore: Sendable {
    private struct State {
        var running: BackupInProgressBody?
        var failure: BackupFailureBody?
    }

    package let folder: String
    /// How many are kept; nil keeps all of them.
    ///
    /// Older ones are removed after another one has been made.
    let keep: Int?
    private let vault: Vault
    private let state = Mutex(State())
    /// Yields the id of a backup that was asked for; for one consumer, which calls ``make(_:)``.
    package let requests: AsyncStream<String>
    private let asked: AsyncStream<String>.Continuation

    package init(in folder: String, keep: Int?, of vault: Vault) {
        self.folder = folder
        self.keep = keep
        self.vault = vault
        (requests, asked) = AsyncStream.makeStream()
    }

    /// Asks for a backup and returns at once.
    package func begin(by caller: Caller, once: Once? = nil) async throws(VaultError) -> BackupInProgressBody {
        try await vault.requireOperator(caller, .backupCreate)
        let reserved = try reserve()
        do {
            let body: BackupInProgressBody = try await vault.write(.backupCreate, by: caller, once: once) { _ in
                Done(
                    reserved,
                    AuditEvent(action: .backupCreate, subjects: [AuditSubject(kind: .backup, id: reserved.id)])
                )
            }
            // A repeated request gets the backup that it asked for before.
            if body.id == reserved.id { asked.yield(body.id) } else { release() }
            return body
        } catch {
            release()
            throw error
        }
    }

    /// Makes a backup because its time has come, unless one is being made.
    package func beginScheduled() async throws(VaultError) {
        let reserved = try reserve()
        do {
            try await vault.recordAsServer(
                AuditEvent(action: .backupCreate, subjects: [AuditSubject(kind: .backup, id: reserved.id)])
            )
        } catch {
            release()
            throw error
        }
        asked.yield(reserved.id)
    }

    private func reserve() throws(VaultError) -> BackupInProgressBody {
        let body = BackupInProgressBody(
            id: BackupID(at: vault.clock.now).text,
            phase: "waiting",
            done: 0,
            total: 0
        )
        let isFree = state.withLock { state in
            guard state.running == nil else { return false }
            state.running = body
            return true
        }
        guard isFree else { throw .keys(.backupUnderWay) }
        return body
    }

    private func release() { state.withLock { $0.running = nil } }

    /// Makes the backup that was asked for and forgets the oldest ones; returns what went wrong, if something did.
    package func make(_ id: String) async -> BackupError? {
        let result: Result<BackupFile, BackupError>
        do {
            result = .success(
                try await vault.backUp(to: folder, id: id) { [self] progress in
                    state.withLock { state in
                        state.running?.phase = progress.phase.rawValue
                        state.running?.done = progress.done
                        state.running?.total = progress.total
                    }
                }
            )
        } catch {
            result = .failure(error)
        }
        let now = vault.clock.now
        var failed: BackupError?
        if case .failure(let error) = result { failed = error }
        state.withLock { state in
            state.running = nil
            state.failure = failed.map { BackupFailureBody(id: id, at: now, text: $0.text) }
        }
        if failed == nil { try? await onThread { [self] in try forgetOldest() } }
        return failed
    }

    package func list(by caller: Caller) async throws(VaultError) -> BackupList {
        try await vault.requireOperator(caller, .backupView)
        try await vault.read(.backupView, by: caller) { _ in }
        // Before the files: a backup that is finished in between would be neither running nor there.
        let (running, failure) = state.withLock { ($0.running, $0.failure) }
        return BackupList(folder: folder, backups: await files(), running: running, lastFailure: failure)
    }

    /// When the newest backup was made; nil when there is none.
    package func newest() async -> Timestamp? { await files().last?.createdAt }

    private func files() async -> [BackupBody] {
        let folder = folder
        return (try? await onThread { Self.files(in: folder) }) ?? []
    }

    /// The backups of a folder, oldest first; what is none, or cannot be read, is passed over.
    package static func files(in folder: String) -> [BackupBody] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter(BackupFile.isName).sorted().compactMap { name in
            let file = BackupFile(path: "\(folder)/\(name)")
            guard let manifest = try? file.manifest() else { return nil }
            var status = stat()
            guard stat(file.path, &status) == 0 else { return nil }
            return BackupBody(
                name: name,
                id: manifest.id,
                createdAt: manifest.createdAt,
                bytes: Int64(status.st_size),
                masterKeyIds: manifest.masterKeyIds
            )
        }
    }

    /// Only what is a backup counts and is removed, and never the newest.
    private func forgetOldest() throws {
        guard let keep else { return }
        for file in Self.files(in: folder).dropLast(max(keep, 1)) { unlink("\(folder)/\(file.name)") }
    }
}
