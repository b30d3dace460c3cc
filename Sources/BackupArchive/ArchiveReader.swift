// SPDX-License-Identifier: Apache-2.0

internal import CLibArchive
internal import Glibc

/// A tar archive that is being read, file by file.
///
/// Blocks its thread. What the archive says of paths, modes, owners and links is never acted upon: a caller names the
/// file that it expects and where its bytes go.
package struct ArchiveReader: ~Copyable {
    private static let chunkBytes = 1 << 20

    // libarchive's handle is an opaque pointer; it belongs to this value alone.
    private let archive: OpaquePointer
    private let descriptor: Int32
    private var size: Int64 = 0

    package init(opening path: String) throws(ArchiveError) {
        (archive, descriptor) = try Self.opened(path)
    }

    private static func opened(_ path: String) throws(ArchiveError) -> (OpaquePointer, Int32) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ArchiveError(errno: errno) }
        guard let archive = archive_read_new() else {
            close(descriptor)
            throw .failed
        }
        guard archive_read_support_format_tar(archive) == ARCHIVE_OK,
            archive_read_open_fd(archive, descriptor, 1 << 16) == ARCHIVE_OK
        else {
            archive_read_free(archive)
            close(descriptor)
            throw .malformed
        }
        return (archive, descriptor)
    }

    deinit {
        archive_read_free(archive)
        close(descriptor)
    }

    /// Moves to the next file and returns its size; throws unless it is an ordinary file of that name.
    package mutating func next(_ name: String) throws(ArchiveError) -> Int64 {
        var entry: OpaquePointer?
        guard clibarchive_next_header(archive, &entry) == ARCHIVE_OK, let entry else { throw .malformed }
        guard let path = clibarchive_pathname(entry), String(cString: path) == name,
            archive_entry_filetype(entry) == Glibc.S_IFREG, archive_entry_size_is_set(entry) != 0
        else { throw .malformed }
        size = archive_entry_size(entry)
        guard size >= 0 else { throw .malformed }
        return size
    }

    /// What the archive says of one of its members.
    package struct Member: Equatable, Sendable {
        package enum Kind: Equatable, Sendable {
            case file
            case folder
            /// A link to another member, as it is written there.
            case symbolicLink(String)
            case other
        }

        package let name: String
        package let kind: Kind
        package let size: Int64

        package init(name: String, kind: Kind, size: Int64) {
            self.name = name
            self.kind = kind
            self.size = size
        }
    }

    /// Moves to the next member, whatever it is; nil at the end.
    package mutating func nextMember() throws(ArchiveError) -> Member? {
        var entry: OpaquePointer?
        switch clibarchive_next_header(archive, &entry) {
        case ARCHIVE_EOF: return nil
        case ARCHIVE_OK: break
        default: throw .malformed
        }
        guard let entry, let path = clibarchive_pathname(entry), let name = String(validatingCString: path) else {
            throw .malformed
        }
        let kind: Member.Kind
        switch archive_entry_filetype(entry) {
        case _ where clibarchive_hardlink(entry) != nil: kind = .other
        case Glibc.S_IFREG: kind = .file
        case Glibc.S_IFDIR: kind = .folder
        case Glibc.S_IFLNK:
            guard let target = clibarchive_symlink(entry).flatMap({ String(validatingCString: $0) }) else {
                throw .malformed
            }
            kind = .symbolicLink(target)
        default: kind = .other
        }
        size = kind == .file ? archive_entry_size(entry) : 0
        guard size >= 0 else { throw .malformed }
        return Member(name: name, kind: kind, size: size)
    }

    /// The bytes of the present file, which has at most `limit`.
    package mutating func bytes(upTo limit: Int) throws(ArchiveError) -> [UInt8] {
        guard size <= Int64(limit) else { throw .malformed }
        var all: [UInt8] = []
        try forEachChunk { chunk throws(ArchiveError) in all += chunk }
        return all
    }

    /// Copies the present file to a new one at `path`, mode 0600, and returns when it is on the disk.
    ///
    /// `chunk` is lent each part of it in order.
    package mutating func extract(
        to path: String,
        _ chunk: (UnsafeRawBufferPointer) -> Void
    ) throws(ArchiveError) {
        let target = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard target >= 0 else { throw ArchiveError(errno: errno) }
        defer { close(target) }
        try forEachChunk { bytes throws(ArchiveError) in
            chunk(bytes)
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = write(target, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw ArchiveError(errno: errno) }
                rest = rest.dropFirst(count)
            }
        }
        guard fsync(target) == 0 else { throw ArchiveError(errno: errno) }
    }

    /// Fails unless the archive ends here.
    package mutating func end() throws(ArchiveError) {
        var entry: OpaquePointer?
        guard clibarchive_next_header(archive, &entry) == ARCHIVE_EOF else { throw .malformed }
    }

    /// Lends the bytes of the present file, part by part, in order.
    package func forEachChunk(_ body: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void) throws(ArchiveError) {
        var buffer = [UInt8](repeating: 0, count: Self.chunkBytes)
        var left = size
        while left > 0 {
            let wanted = min(buffer.count, Int(left))
            let count = archive_read_data(archive, &buffer, wanted)
            // Fewer bytes than the header promised: the archive is cut off.
            guard count > 0 else { throw .malformed }
            try buffer.span.withUnsafeBytes { bytes throws(ArchiveError) in
                try body(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            }
            left -= Int64(count)
        }
    }
}
