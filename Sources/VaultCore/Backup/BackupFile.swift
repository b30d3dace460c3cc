// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import BackupArchive
internal import Foundation
internal import Sealing
internal import Storage
internal import VaultModel

/// A backup in its file: a tar archive of the manifest and the database.
package struct BackupFile: Sendable {
    package let path: String

    package init(path: String) {
        self.path = path
    }

    /// The file's name: sorts by time, and is what retention and lists go by.
    static func name(of id: String, at time: Timestamp) -> String {
        let digits = time.rfc3339.filter { $0.isNumber || $0 == "T" }.prefix(15)
        return "attache-\(digits)Z-\(id.suffix(12)).tar"
    }

    static func isName(_ name: String) -> Bool { name.hasPrefix("attache-") && name.hasSuffix(".tar") }

    /// Reads what the backup says of itself, without a key.
    package func manifest() throws(BackupError) -> BackupManifest {
        do {
            var reader = try ArchiveReader(opening: path)
            return try Self.manifest(from: &reader)
        } catch let error as ArchiveError {
            throw .archive(error)
        } catch let error as BackupError {
            throw error
        } catch {
            throw .damaged("the manifest cannot be read")
        }
    }

    private static func manifest(from reader: inout ArchiveReader) throws -> BackupManifest {
        _ = try reader.next(BackupManifest.fileName)
        let bytes = try reader.bytes(upTo: BackupManifest.maximumBytes)
        let format = try JSONDecoder().decode(Format.self, from: Data(bytes)).format
        guard format == BackupManifest.format else { throw BackupError.newerFormat(format) }
        return try JSONDecoder().decode(BackupManifest.self, from: Data(bytes))
    }

    private struct Format: Decodable {
        let format: Int
    }

    /// Writes the archive around the database at `database`.
    func write(
        _ manifest: BackupManifest,
        database: String,
        progress: (Int64) -> Void
    ) throws(BackupError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let seconds = manifest.createdAt.milliseconds / 1_000
            var writer = try ArchiveWriter(creating: path)
            try writer.add(BackupManifest.fileName, [UInt8](encoder.encode(manifest)), seconds: seconds)
            try writer.add(BackupManifest.databaseName, copying: database, seconds: seconds, progress: progress)
            try writer.finish()
        } catch let error as ArchiveError {
            throw .archive(error)
        } catch {
            throw .damaged("the manifest cannot be written")
        }
    }

    /// Copies the database out to `target`; throws unless it is, to the byte, the one that the manifest describes.
    func extractDatabase(to target: String, progress: (Int64) -> Void) throws(BackupError) -> BackupManifest {
        do {
            var reader = try ArchiveReader(opening: path)
            let manifest = try Self.manifest(from: &reader)
            guard try reader.next(BackupManifest.databaseName) == manifest.databaseBytes else {
                throw BackupError.damaged("the database has another length than the manifest says")
            }
            var digest = RunningDigest()
            var done: Int64 = 0
            try reader.extract(to: target) { chunk in
                digest.add(chunk)
                done += Int64(chunk.count)
                progress(done)
            }
            try reader.end()
            guard hexadecimal(digest.finish()) == manifest.databaseDigest else {
                throw BackupError.damaged("the database is not the one that the manifest describes")
            }
            return manifest
        } catch let error as ArchiveError {
            throw .archive(error)
        } catch let error as BackupError {
            throw error
        } catch {
            throw .damaged("the manifest cannot be read")
        }
    }
}
