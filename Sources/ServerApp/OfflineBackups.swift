// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import BackupArchive
internal import Foundation
internal import Sealing
internal import Storage
internal import VaultCore
internal import VaultModel

/// Verifying and restoring backups without a server, with the configuration that a server of this user would have.
package struct OfflineBackups: Sendable {
    private let configuration: ServerConfiguration
    private let version: String

    package init(_ options: ServeOptions, version: String) async throws(ServeError) {
        configuration = try await ServerConfiguration.resolving(
            options,
            environment: ProcessInfo.processInfo.environment,
            userID: getuid()
        )
        self.version = version
    }

    private var folder: String { configuration.backups.folder }

    /// Opens and verifies everything that is in a backup, and changes nothing; in a folder of its own below `work`.
    ///
    /// `reference` is a path, or the name of a backup in the folder; nil stands for the newest backup there, which is
    /// refused when it is older than `maximumAge`. `progress` is told the phase, the parts done and all parts, 0 when
    /// nobody knows how many.
    package func verify(
        _ reference: String?,
        work: String?,
        maximumAge: Duration? = nil,
        progress: @escaping @Sendable (String, Int64, Int64) -> Void
    ) async throws(ServeError) -> BackupReport {
        let file = try file(reference)
        if let maximumAge { try refuse(file, olderThan: maximumAge) }
        let backup = try backup(file)
        let work = work ?? ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
        do {
            let (manifest, findings) = try await backup.verify(in: work) {
                progress($0.phase.rawValue, $0.done, $0.total)
            }
            return BackupReport(file: file.path, manifest, findings)
        } catch {
            throw ServeError(error, file: file.path)
        }
    }

    /// Restores a backup into the folder `target`, or the one that the server would use.
    package func restore(
        _ reference: String?,
        to target: String?,
        progress: @escaping @Sendable (String, Int64, Int64) -> Void
    ) async throws(ServeError) -> BackupReport {
        let file = try file(reference)
        let backup = try backup(file)
        let target = target ?? configuration.data
        do {
            let (manifest, findings) = try await backup.restore(to: target) {
                progress($0.phase.rawValue, $0.done, $0.total)
            }
            var report = BackupReport(file: file.path, manifest, findings)
            report.data = target
            return report
        } catch {
            throw ServeError(error, file: file.path)
        }
    }

    private func file(_ reference: String?) throws(ServeError) -> BackupFile {
        if let reference {
            let isPath = reference.contains("/") || FileManager.default.fileExists(atPath: reference)
            return BackupFile(path: isPath ? reference : "\(folder)/\(reference)")
        }
        guard let newest = BackupStore.files(in: folder).last else {
            throw .data("there is no backup in \(folder)", hint: "attache backup create makes one")
        }
        return BackupFile(path: "\(folder)/\(newest.name)")
    }

    /// Refuses a backup that is too old by its own account.
    private func refuse(_ file: BackupFile, olderThan limit: Duration) throws(ServeError) {
        let created: Timestamp
        do { created = try file.manifest().createdAt } catch { throw ServeError(error, file: file.path) }
        guard created + limit < SystemWallClock().now else { return }
        throw .data(
            "the newest backup, \(file.path), was made \(created.rfc3339)",
            hint: "look why no newer one was made: attache backup list"
        )
    }

    private func backup(_ file: BackupFile) throws(ServeError) -> OfflineBackup {
        guard let master = try MasterKeyFile(path: configuration.masterKeyFile).read() else {
            let needed = (try? file.manifest().masterKeyIds.joined(separator: " or ")).map { ", which needs key \($0)" }
            throw .masterKey(
                "there is no master key at \(configuration.masterKeyFile) for the backup\(needed ?? "")",
                hint: "nothing was changed; say where it is with --master-key-file"
            )
        }
        return OfflineBackup(file: file, master: master, version: version)
    }
}

extension ServeError {
    fileprivate init(_ error: BackupError, file path: String) {
        let text = "\(path): \(error.text)"
        switch error {
        case .wrongMasterKey, .opening(.sealing):
            self = .masterKey(text, hint: "nothing was changed; give the right key with --master-key-file")
        case .notEmpty: self = .data(text, hint: "nothing was changed; restore into a new folder with --data")
        case .newerFormat, .opening(.storage(.newerSchema(found: _, known: _))):
            self = .configuration(text, hint: "nothing was changed; use the newer attache")
        case .archive(.full), .storage(.full): self = .data(text, hint: "free space and try again")
        case .damaged, .notIntact, .archive(.malformed):
            self = .data(text, hint: "nothing was restored; use another backup, and keep this one to look into")
        case .archive, .storage, .target, .opening, .vault: self = .data(text, hint: nil)
        }
    }
}
