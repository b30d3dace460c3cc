// SPDX-License-Identifier: Apache-2.0

/// The program headers of an ELF file (elf(5)), 64-bit little-endian.
struct ExecutableFile {
    private static let dynamic: UInt64 = 2
    private static let interpreter: UInt64 = 3

    /// How many headers name an interpreter or a dynamic section.
    ///
    /// 0 is what ldd(1) calls "not a dynamic executable".
    let dynamicParts: Int
    let byteCount: Int

    init(path: String) throws(BenchmarkError) {
        let bytes = try Machine.bytes(of: path)
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), bytes.count > 64 else {
            throw .malformedAnswer("\(path) is no 64-bit ELF file")
        }
        func number(at offset: Int, bytes count: Int) -> UInt64 {
            guard offset >= 0, offset + count <= bytes.count else { return 0 }
            return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        let table = Int(number(at: 32, bytes: 8))
        let size = Int(number(at: 54, bytes: 2))
        let count = Int(number(at: 56, bytes: 2))
        dynamicParts = (0..<count).count {
            [Self.dynamic, Self.interpreter].contains(number(at: table + $0 * size, bytes: 4))
        }
        byteCount = bytes.count
    }
}
