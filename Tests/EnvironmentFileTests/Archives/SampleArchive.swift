// SPDX-License-Identifier: Apache-2.0

import CLibArchive
import Glibc
import Testing

/// An archive as libarchive itself writes it, with members that no ordinary tool would put there.
struct SampleArchive {
    enum Form: String, CaseIterable, Sendable {
        case tar, tarGzip = "tar.gz", tarXZ = "tar.xz", tarZstandard = "tar.zst", zip, sevenZip = "7z"

        fileprivate var format: Int32 {
            switch self {
            case .tar, .tarGzip, .tarXZ, .tarZstandard: ARCHIVE_FORMAT_TAR_PAX_RESTRICTED
            case .zip: ARCHIVE_FORMAT_ZIP
            case .sevenZip: ARCHIVE_FORMAT_7ZIP
            }
        }

        fileprivate var filter: Int32 {
            switch self {
            case .tar, .zip, .sevenZip: ARCHIVE_FILTER_NONE
            case .tarGzip: ARCHIVE_FILTER_GZIP
            case .tarXZ: ARCHIVE_FILTER_XZ
            case .tarZstandard: ARCHIVE_FILTER_ZSTD
            }
        }
    }

    struct Member: Sendable {
        let path: String
        var contents: [UInt8] = []
        var type: mode_t = S_IFREG
        var link: String?
        var hardLink: String?
        var isSparse = false

        static func file(_ path: String, _ text: String = "A=1\n") -> Self {
            Self(path: path, contents: Array(text.utf8))
        }
    }

    let form: Form
    let members: [Member]
    /// With which libarchive writes a zip that is encrypted.
    var password: String?

    func bytes() throws -> [UInt8] {
        // The writer too converts names by the locale of its thread.
        let before = uselocale(newlocale(1 << LC_CTYPE, "C.UTF-8", nil))
        defer { uselocale(before) }
        let archive = try #require(archive_write_new())
        defer { archive_write_free(archive) }
        try check(archive_write_set_format(archive, form.format))
        try check(archive_write_add_filter(archive, form.filter))
        if let password {
            try check(archive_write_set_options(archive, "zip:encryption=aes256"))
            try check(archive_write_set_passphrase(archive, password))
        }
        let room = 4 << 20
        var used = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: room, alignment: 1)
        defer { buffer.deallocate() }
        try withUnsafeMutablePointer(to: &used) { used in
            try check(archive_write_open_memory(archive, buffer.baseAddress, room, used))
            for member in members { try write(member, to: archive) }
            try check(archive_write_close(archive))
        }
        return Array(buffer[..<used])
    }

    private func write(_ member: Member, to archive: OpaquePointer) throws {
        let entry = try #require(archive_entry_new())
        defer { archive_entry_free(entry) }
        archive_entry_set_pathname_utf8(entry, member.path)
        archive_entry_set_mode(entry, member.type | 0o600)
        archive_entry_set_size(entry, Int64(member.contents.count))
        if let link = member.link { archive_entry_set_symlink(entry, link) }
        if let link = member.hardLink { archive_entry_set_hardlink(entry, link) }
        if member.isSparse {
            archive_entry_set_size(entry, 1 << 20)
            archive_entry_sparse_add_entry(entry, 0, Int64(member.contents.count))
        }
        try check(archive_write_header(archive, entry))
        let written = member.contents.withUnsafeBytes { archive_write_data(archive, $0.baseAddress, $0.count) }
        try #require(written == member.contents.count)
    }

    private func check(_ status: Int32) throws { try #require(status == ARCHIVE_OK) }
}
