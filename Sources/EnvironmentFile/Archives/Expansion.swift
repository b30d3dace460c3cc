// SPDX-License-Identifier: Apache-2.0

internal import CLibArchive
internal import VaultModel

/// What a compressed stream expands to.
///
/// A stream is read twice: once to measure it, holding 64 KiB of it, and once into memory of exactly that size. So a
/// stream that expands without end costs no memory, and no plaintext stays behind in a buffer that was outgrown.
struct Expansion {
    /// How much `compressed` bytes may expand to: 100 times as many, but always 1 MiB, and never more than 16 MiB.
    ///
    /// A tar with one small file is mostly blocks of zeros, which compress better than any ratio allows.
    static func limit(of compressed: Int) -> Int {
        min(max(100 * compressed, 1 << 20), Archive.maximumExpandedBytes)
    }

    /// Expands `bytes` whole; every checksum that the stream has is compared.
    static func expanding(_ bytes: UnsafeRawBufferPointer, of kind: ArchiveKind) throws(ArchiveError) -> SecretBytes {
        let limit = limit(of: bytes.count)
        var total = 0
        try forEachPiece(of: bytes, kind) { piece throws(ArchiveError) in
            total += piece.count
            guard total <= limit else { throw ArchiveError(.expandsTooFar) }
        }
        return try SecretBytes(count: total) { memory throws(ArchiveError) in
            var filled = 0
            try forEachPiece(of: bytes, kind) { piece throws(ArchiveError) in
                guard piece.count <= memory.count - filled else { throw ArchiveError(.damaged) }
                UnsafeMutableRawBufferPointer(rebasing: memory[filled...]).copyMemory(from: piece)
                filled += piece.count
            }
        }
    }

    private static func forEachPiece(
        of bytes: UnsafeRawBufferPointer,
        _ kind: ArchiveKind,
        _ body: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        // The buffer is wiped, as all that holds a part of a value.
        _ = try SecretBytes(count: 1 << 16) { buffer throws(ArchiveError) in
            guard kind != .gzip else { return try inflate(bytes, through: buffer, body) }
            var stream = try ArchiveHandle.stream(kind, in: bytes)
            while case let count = try stream.read(into: buffer), count > 0 {
                try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// Expands gzip (RFC 1952), one member after the other; checksum and length of each are compared by zlib.
    private static func inflate(
        _ bytes: UnsafeRawBufferPointer,
        through buffer: UnsafeMutableRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var stream = z_stream()
        // 16 more than the window's 15 bits: gzip, and nothing else (zlib.h, inflateInit2).
        let version = zlibVersion()
        guard inflateInit2_(&stream, 15 + 16, version, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ArchiveError(.damaged)
        }
        defer { inflateEnd(&stream) }
        // zlib does not write to its input.
        stream.next_in = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
        stream.avail_in = UInt32(bytes.count)
        while true {
            stream.next_out = buffer.bindMemory(to: UInt8.self).baseAddress
            stream.avail_out = UInt32(buffer.count)
            let status = CLibArchive.inflate(&stream, Z_NO_FLUSH)
            guard status == Z_OK || status == Z_STREAM_END else { throw ArchiveError(.damaged) }
            let count = buffer.count - Int(stream.avail_out)
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            guard status == Z_STREAM_END else { continue }
            // Some writers fill the last block up with zeros (RFC 1952 §2.2 allows further members only).
            let rest = UnsafeRawBufferPointer(rebasing: bytes[(bytes.count - Int(stream.avail_in))...])
            if rest.allSatisfy({ $0 == 0 }) { return }
            guard inflateReset(&stream) == Z_OK else { throw ArchiveError(.damaged) }
        }
    }
}
