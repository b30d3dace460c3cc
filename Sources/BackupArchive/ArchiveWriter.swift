// SPDX-License-Identifier: Apache-2.0

internal import CLibArchive
internal import Glibc

/// A tar archive that is being written to a new file (pax interchange format, pax(1)).
///
/// Blocks its thread. The file has mode 0600 and is on the disk when ``finish()`` has returned; before that it is no
/// archive that ``ArchiveReader`` would read to its end.
package struct ArchiveWriter: ~Copyable {
    private static let chunkBytes = 1 << 20

    // libarchive's handle is an opaque pointer; it belongs to this value alone.
    private let archive: OpaquePointer
    private let descriptor: Int32

    /// Makes the file, which must not exist.
    package init(creating path: String) throws(ArchiveError) {
        (archive, descriptor) = try Self.opened(path)
    }

    private static func opened(_ path: String) throws(ArchiveError) -> (OpaquePointer, Int32) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw ArchiveError(errno: errno) }
        guard let archive = archive_write_new() else {
            close(descriptor)
            throw .failed
        }
        guard archive_write_set_format_pax_restricted(archive) == ARCHIVE_OK,
            archive_write_set_bytes_per_block(archive, 1 << 16) == ARCHIVE_OK,
            archive_write_open_fd(archive, descriptor) == ARCHIVE_OK
        else {
            let failure = error(of: archive)
            archive_write_free(archive)
            close(descriptor)
            throw failure
        }
        return (archive, descriptor)
    }

    deinit {
        archive_write_free(archive)
        close(descriptor)
    }

    /// Adds a file with these bytes.
    package mutating func add(
        _ name: String,
        _ bytes: [UInt8],
        seconds: Int64,
        mode: UInt32 = 0o600
    ) throws(ArchiveError) {
        try header(name, size: Int64(bytes.count), seconds: seconds, mode: mode)
        try bytes.span.withUnsafeBytes { bytes throws(ArchiveError) in try write(bytes) }
    }

    /// Adds a folder.
    package mutating func addFolder(_ name: String, seconds: Int64, mode: UInt32) throws(ArchiveError) {
        try header(name, size: 0, seconds: seconds, mode: mode, type: Glibc.S_IFDIR)
    }

    /// Adds a copy of the file that is the present one of another archive.
    package mutating func add(
        _ member: ArchiveReader.Member,
        of reader: borrowing ArchiveReader,
        seconds: Int64,
        mode: UInt32
    ) throws(ArchiveError) {
        try header(member.name, size: member.size, seconds: seconds, mode: mode)
        try reader.forEachChunk { bytes throws(ArchiveError) in try write(bytes) }
    }

    /// Adds a copy of the file at `path`; `progress` is told how many of its bytes are written.
    package mutating func add(
        _ name: String,
        copying path: String,
        seconds: Int64,
        mode: UInt32 = 0o600,
        progress: (Int64) -> Void = { _ in }
    ) throws(ArchiveError) {
        let source = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard source >= 0 else { throw ArchiveError(errno: errno) }
        defer { close(source) }
        var status = stat()
        guard fstat(source, &status) == 0 else { throw ArchiveError(errno: errno) }
        let size = Int64(status.st_size)
        try header(name, size: size, seconds: seconds, mode: mode)
        var buffer = [UInt8](repeating: 0, count: Self.chunkBytes)
        var written: Int64 = 0
        while written < size {
            let count = read(source, &buffer, min(buffer.count, Int(size - written)))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw ArchiveError(errno: count < 0 ? errno : EIO) }
            try buffer.span.withUnsafeBytes { bytes throws(ArchiveError) in
                try write(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
            written += Int64(count)
            progress(written)
        }
    }

    /// Writes the archive's end and returns when all of it is on the disk.
    package consuming func finish() throws(ArchiveError) {
        guard archive_write_close(archive) == ARCHIVE_OK else { throw Self.error(of: archive) }
        guard fsync(descriptor) == 0 else { throw ArchiveError(errno: errno) }
    }

    private func header(
        _ name: String,
        size: Int64,
        seconds: Int64,
        mode: UInt32,
        type: mode_t = Glibc.S_IFREG
    ) throws(ArchiveError) {
        guard let entry = archive_entry_new() else { throw .failed }
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname(entry, name)
        archive_entry_set_size(entry, size)
        archive_entry_set_filetype(entry, type)
        archive_entry_set_perm(entry, mode)
        archive_entry_set_mtime(entry, time_t(seconds), 0)
        guard archive_write_header(archive, entry) == ARCHIVE_OK else { throw Self.error(of: archive) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        guard !bytes.isEmpty else { return }
        guard archive_write_data(archive, bytes.baseAddress, bytes.count) == bytes.count else {
            throw Self.error(of: archive)
        }
    }

    private static func error(of archive: OpaquePointer) -> ArchiveError { ArchiveError(errno: archive_errno(archive)) }
}
