// SPDX-License-Identifier: Apache-2.0

/// The CRC-32 of ISO 3309, as in zlib and PNG.
///
/// Finds a token that was mistyped or cut off. It keeps nobody from making one.
enum CRC32 {
    static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
        var remainder: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            remainder ^= UInt32(byte)
            for _ in 0..<8 {
                remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xEDB8_8320 : remainder >> 1
            }
        }
        return ~remainder
    }
}
