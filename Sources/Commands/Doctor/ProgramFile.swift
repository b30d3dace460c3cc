// SPDX-License-Identifier: Apache-2.0

/// A program as the kernel loads it, as far as its headers tell.
package enum ProgramFile: Equatable, Sendable {
    /// It needs a loader and libraries of the machine that it runs on.
    case dynamic
    case `static`
    case notELF

    /// Reads the ELF header and the program headers (elf(5)).
    ///
    /// `bytes` is the beginning of the file: linkers put these headers there. 64 bit and little endian only, which are
    /// the machines that Swift runs on.
    package init(beginning bytes: [UInt8]) {
        guard bytes.count >= 64, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else {
            self = .notELF
            return
        }
        let offset = Self.number(bytes, at: 32, count: 8)
        let size = Self.number(bytes, at: 54, count: 2)
        let count = Self.number(bytes, at: 56, count: 2)
        guard offset < bytes.count, size >= 56, offset + size * count <= bytes.count else {
            self = .notELF
            return
        }
        let interpreter = 3  // PT_INTERP
        let types = (0..<count).map { Self.number(bytes, at: offset + $0 * size, count: 4) }
        self = types.contains(interpreter) ? .dynamic : .static
    }

    private static func number(_ bytes: [UInt8], at offset: Int, count: Int) -> Int {
        let number = bytes[offset..<offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(clamping: number)
    }
}
