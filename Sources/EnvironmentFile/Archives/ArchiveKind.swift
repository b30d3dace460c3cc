// SPDX-License-Identifier: Apache-2.0

/// What a file is that is no text, by its first bytes.
///
/// Nothing here can begin a `.env` file: each form has a byte that no such file may hold. The name of a file is never
/// asked.
package enum ArchiveKind: Equatable, Sendable {
    case tar, zip, sevenZip
    /// Compressed, with a tar inside.
    case gzip, xz, zstandard
    /// An archive that is not read.
    case foreign

    /// The kind of `bytes`; nil for what may be the text of a `.env` file.
    package init?(of bytes: UnsafeRawBufferPointer) {
        if let form = Self.forms.first(where: { bytes.starts(with: $0.beginning) }) {
            self = form.kind
        } else if Self.isTar(bytes) {
            self = .tar
        } else {
            return nil
        }
    }

    private static let forms: [(beginning: [UInt8], kind: Self)] = [
        (Array("PK\u{3}\u{4}".utf8), .zip),
        // A zip without members.
        (Array("PK\u{5}\u{6}".utf8), .zip),
        (Array("7z".utf8) + [0xBC, 0xAF, 0x27, 0x1C], .sevenZip),
        ([0x1F, 0x8B], .gzip),
        ([0xFD] + Array("7zXZ\0".utf8), .xz),
        ([0x28, 0xB5, 0x2F, 0xFD], .zstandard),
        // compress, bzip2, lz4, lzip, rar, cabinet.
        ([0x1F, 0x9D], .foreign),
        (Array("BZh91AY&SY".utf8), .foreign),
        ([0x04, 0x22, 0x4D, 0x18], .foreign),
        (Array("LZIP\u{1}".utf8), .foreign),
        (Array("Rar!\u{1A}\u{7}".utf8), .foreign),
        (Array("MSCF\0\0".utf8), .foreign),
    ]

    /// Whether it has members, as opposed to a stream that has a tar inside.
    var isContainer: Bool {
        switch self {
        case .tar, .zip, .sevenZip: true
        case .gzip, .xz, .zstandard, .foreign: false
        }
    }

    static let tarBlock = 512

    /// Whether the first block is the header of a member, or the end of an archive that has none.
    ///
    /// The magic number came late to tar, the checksum was always there: the sum of the header's bytes, its own eight
    /// taken as blanks, in octal (POSIX.1-2017, pax, "ustar Interchange Format").
    private static func isTar(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard bytes.count >= tarBlock else { return false }
        let header = UnsafeRawBufferPointer(rebasing: bytes[..<tarBlock])
        if header.allSatisfy({ $0 == 0 }) { return true }
        let field = 148..<156
        let sum = header.enumerated().reduce(0) { $0 + (field.contains($1.offset) ? 0x20 : Int($1.element)) }
        let digits = header[field].drop { $0 == Byte.space }.prefix { (0x30...0x37).contains($0) }
        let written = digits.reduce(0) { $0 * 8 + Int($1 - 0x30) }
        // A header has a NUL, so that no text is taken for one.
        return !digits.isEmpty && written == sum && header.contains(0)
    }
}
