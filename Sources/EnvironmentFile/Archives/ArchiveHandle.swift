// SPDX-License-Identifier: Apache-2.0

internal import CLibArchive
internal import Glibc

/// An archive that libarchive reads from memory, member by member; nothing is ever unpacked to disk.
///
/// Only the one container, or the one compression, that the caller names is enabled: what is inside something else is
/// never looked into.
struct ArchiveHandle: ~Copyable {
    /// Nil only where there was no memory for it.
    private let archive = archive_read_new()
    /// The member that was read last; belongs to the archive.
    private var entry: OpaquePointer?

    private init() {}

    /// Opens a container whose bytes the caller keeps alive.
    static func container(_ kind: ArchiveKind, in bytes: UnsafeRawBufferPointer) throws(ArchiveError) -> Self {
        let handle = Self()
        guard handle.archive != nil else { throw ArchiveError(.damaged) }
        switch kind {
        case .tar:
            archive_read_support_format_tar(handle.archive)
            // Nothing may follow the end of an archive unseen.
            archive_read_set_format_option(handle.archive, "tar", "read_concatenated_archives", "1")
        // The members are those of the central directory, as every unpacker shows them.
        case .zip: archive_read_support_format_zip_seekable(handle.archive)
        case .sevenZip: archive_read_support_format_7zip(handle.archive)
        case .gzip, .xz, .zstandard, .foreign: throw ArchiveError(.foreign)
        }
        try handle.open(bytes)
        return handle
    }

    /// Opens a compressed stream, as one member without a name, whose bytes the caller keeps alive.
    static func stream(_ kind: ArchiveKind, in bytes: UnsafeRawBufferPointer) throws(ArchiveError) -> Self {
        var handle = Self()
        guard handle.archive != nil else { throw ArchiveError(.damaged) }
        archive_read_support_format_raw(handle.archive)
        switch kind {
        case .xz: archive_read_support_filter_xz(handle.archive)
        case .zstandard: archive_read_support_filter_zstd(handle.archive)
        case .tar, .zip, .sevenZip, .gzip, .foreign: throw ArchiveError(.foreign)
        }
        try handle.open(bytes)
        // The stream as it is, and what it expands to; libarchive would expand a stream within a stream as well.
        switch archive_filter_count(handle.archive) {
        case 2: break
        case 3...: throw ArchiveError(.nested)
        default: throw ArchiveError(.damaged)
        }
        guard try handle.next() else { throw ArchiveError(.damaged) }
        return handle
    }

    deinit { archive_read_free(archive) }

    private func open(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        // Nothing may be asked of an archive whose form was not recognized: libarchive 3.6 follows a wild pointer.
        guard archive_read_open_memory(archive, bytes.baseAddress, bytes.count) == ARCHIVE_OK else {
            throw ArchiveError(.damaged)
        }
    }

    /// Why the archive cannot be read further; a warning of libarchive is a damage here.
    private var failure: ArchiveError {
        ArchiveError(archive_read_has_encrypted_entries(archive) > 0 ? .encrypted : .damaged)
    }

    // MARK: - Members

    /// Goes to the next member; false at the end.
    mutating func next() throws(ArchiveError) -> Bool {
        entry = nil
        switch clibarchive_next_header(archive, &entry) {
        case ARCHIVE_OK: return true
        case ARCHIVE_EOF: return false
        default: throw failure
        }
    }

    /// The member's path as the archive has it; nil when it is not UTF-8.
    var path: String? { clibarchive_pathname(entry).flatMap { String(validatingCString: $0) } }

    /// The size that the archive claims; nil when it claims none.
    var size: Int64? { archive_entry_size_is_set(entry) == 0 ? nil : archive_entry_size(entry) }

    var isEncrypted: Bool { archive_entry_is_encrypted(entry) != 0 }
    var isSparse: Bool { archive_entry_sparse_count(entry) > 0 }

    var type: MemberType {
        if clibarchive_hardlink(entry) != nil || clibarchive_symlink(entry) != nil { return .link }
        switch archive_entry_filetype(entry) & S_IFMT {
        // Some archives of zip have no types at all.
        case S_IFREG, 0: return .file
        case S_IFDIR: return .folder
        case S_IFLNK: return .link
        default: return .special
        }
    }

    enum MemberType { case file, folder, link, special }

    /// Reads the member's next bytes into `buffer`; 0 at its end, where its checksum has been compared.
    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArchiveError) -> Int {
        let count = archive_read_data(archive, buffer.baseAddress, buffer.count)
        guard count >= 0 else { throw failure }
        return count
    }
}
