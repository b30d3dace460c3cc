// SPDX-License-Identifier: Apache-2.0

package import BackupArchive
internal import Sealing
package import Storage

/// Why a backup cannot be made, read or restored.
///
/// No case carries a value or a key.
package enum BackupError: Error, Equatable {
    /// The file cannot be written or read.
    case archive(ArchiveError)
    case storage(StorageFailure)
    /// The file is a backup, but of a form that this program does not know.
    case newerFormat(Int)
    /// The file is not one that was written as a backup, or was changed since; what is wrong, as a fixed text.
    case damaged(String)
    /// The backup opens under other keys; nothing was written.
    case wrongMasterKey(needed: [String], given: String)
    /// The folder to restore into holds something; nothing was written.
    case notEmpty
    /// The folder to restore into cannot be made or written.
    case target
    case opening(VaultOpeningError)
    case vault(VaultError)
    /// The backup was opened, and these things in it are damaged.
    case notIntact([String])
}

extension BackupError {
    /// What went wrong, in one line.
    package var text: String {
        switch self {
        case .archive(.notFound): "there is no such file"
        case .archive(.exists): "the file exists already"
        case .archive(.full), .storage(.full): "the disk is full"
        case .archive(.denied), .storage(.readOnly): "the file or its folder cannot be written or read"
        case .archive(.malformed): "the file is no backup, or is cut off"
        case .archive(.failed): "reading or writing failed"
        case .storage: "the database cannot be used"
        case .newerFormat(let format): "the backup has form \(format), this program knows form \(BackupManifest.format)"
        case .damaged(let what): "the backup is damaged: \(what)"
        case .wrongMasterKey(let needed, let given):
            "the backup opens under master key \(needed.joined(separator: " or ")), and the key given is \(given)"
        case .notEmpty: "the folder to restore into is not empty"
        case .target: "the folder cannot be made or written"
        case .opening(.sealing(.wrongMasterKey(expected: let expected, given: let given))):
            "the backup was sealed under master key \(expected), and the key given is \(given)"
        case .opening: "the vault in the backup does not open"
        case .vault: "the vault in the backup cannot be used"
        case .notIntact(let problems): "\(problems.count) things in the backup are damaged"
        }
    }
}
