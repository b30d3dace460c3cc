// SPDX-License-Identifier: Apache-2.0

import CLibArchive

/// Archives of a few megabytes that expand to 4 GiB of zeros.
enum Bomb: CaseIterable, Sendable {
    case zip, zipOfAnotherFile, lyingZip, gzip, tarGzip

    var bytes: [UInt8] {
        switch self {
        case .zip: Self.zip(".env", claiming: .max - 1)
        case .zipOfAnotherFile: Self.zip("data.bin", claiming: .max - 1)
        case .lyingZip: Self.zip(".env", claiming: 100)
        case .gzip: Compressed.gzipHeader + Self.zeros + [UInt8](repeating: 0, count: 8)
        case .tarGzip:
            Compressed.gzipHeader + Compressed.deflated(Self.tarHeader, ends: false) + Self.zeros
                + [UInt8](repeating: 0, count: 8)
        }
    }

    /// 4 GiB of zeros as a deflate stream: the pieces of 1 MiB are all alike, so that one is made and repeated.
    private static let zeros: [UInt8] = {
        let piece = Compressed.deflated([UInt8](repeating: 0, count: 1 << 20), ends: false)
        // A last block of no bytes (RFC 1951 §3.2.6).
        return Array(repeatElement(piece, count: 4_096).joined()) + [3, 0]
    }()

    private static var tarHeader: [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        header.replaceSubrange(0..<4, with: Array(".env".utf8))
        header.replaceSubrange(124..<135, with: Array("37777777777".utf8))
        header[156] = UInt8(ascii: "0")
        header.replaceSubrange(257..<262, with: Array("ustar".utf8))
        header.repairTarChecksum()
        return header
    }

    /// A zip of one member (APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16).
    private static func zip(_ name: String, claiming size: UInt32) -> [UInt8] {
        let shared: [UInt8] =
            [20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0] + UInt32(zeros.count).littleEndianBytes + size.littleEndianBytes
            + [UInt8(name.utf8.count), 0, 0, 0]
        let local = [0x50, 0x4B, 3, 4] + shared + Array(name.utf8) + zeros
        let directory =
            [0x50, 0x4B, 1, 2, 20, 3] + shared + [UInt8](repeating: 0, count: 6) + [0, 0, 0xA4, 0x81]
            + [0, 0, 0, 0] + Array(name.utf8)
        return local + directory + [0x50, 0x4B, 5, 6, 0, 0, 0, 0, 1, 0, 1, 0]
            + UInt32(directory.count).littleEndianBytes
            + UInt32(local.count).littleEndianBytes + [0, 0]
    }
}

extension UInt32 {
    fileprivate var littleEndianBytes: [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
}

/// Streams of zlib.
enum Compressed {
    static let gzipHeader: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]

    /// `bytes` as one member of gzip.
    static func gzip(_ bytes: [UInt8]) -> [UInt8] { compressed(bytes, windowBits: 15 + 16, ends: true) }

    /// `bytes` as deflate blocks without a frame; more may follow unless it `ends`.
    static func deflated(_ bytes: [UInt8], ends: Bool) -> [UInt8] { compressed(bytes, windowBits: -15, ends: ends) }

    private static func compressed(_ bytes: [UInt8], windowBits: Int32, ends: Bool) -> [UInt8] {
        var stream = z_stream()
        deflateInit2_(
            &stream,
            9,
            Z_DEFLATED,
            windowBits,
            9,
            Z_DEFAULT_STRATEGY,
            zlibVersion(),
            Int32(MemoryLayout<z_stream>.size)
        )
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: bytes.count + 4_096)
        let count = input.withUnsafeMutableBufferPointer { input in
            output.withUnsafeMutableBufferPointer { output in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(input.count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                deflate(&stream, ends ? Z_FINISH : Z_FULL_FLUSH)
                return output.count - Int(stream.avail_out)
            }
        }
        return Array(output[..<count])
    }
}

extension [UInt8] {
    /// Writes the checksum that the first header of a tar has to have.
    mutating func repairTarChecksum() {
        replaceSubrange(148..<156, with: Array("        ".utf8))
        let sum = self[..<512].reduce(0) { $0 + Int($1) }
        let digits = String(sum, radix: 8)
        let text = String(repeating: "0", count: 6 - digits.count) + digits + "\0 "
        replaceSubrange(148..<156, with: Array(text.utf8))
    }
}
