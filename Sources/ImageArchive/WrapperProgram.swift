// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The program that is put into an image, checked for whether it can run there (elf(5)).
struct WrapperProgram {
    private static let maximumBytes = 32 << 20
    /// The names of OCI, by `e_machine`.
    private static let architectures: [UInt16: String] = [62: "amd64", 183: "arm64"]

    let bytes: [UInt8]
    let architecture: String

    init(path: String) throws(ImageError) {
        let bytes = try Self.read(path)
        self.bytes = bytes
        func number(at offset: Int, bytes count: Int) -> Int? {
            guard offset >= 0, offset <= bytes.count - count else { return nil }
            return bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
        }
        // 64 bits, little-endian.
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), let machine = number(at: 18, bytes: 2),
            let architecture = Self.architectures[UInt16(machine)]
        else { throw .wrapperUnfit(path: path, reason: "it is no program for amd64 or arm64") }
        self.architecture = architecture
        guard let table = number(at: 32, bytes: 4), let size = number(at: 54, bytes: 2),
            let count = number(at: 56, bytes: 2), size >= 56
        else { throw .wrapperUnfit(path: path, reason: "it is cut off") }
        for index in 0..<count {
            guard let type = number(at: table + index * size, bytes: 4) else {
                throw .wrapperUnfit(path: path, reason: "it is cut off")
            }
            // PT_INTERP
            guard type != 3 else {
                throw .wrapperUnfit(path: path, reason: "it needs libraries, which the image may not have")
            }
        }
    }

    private static func read(_ path: String) throws(ImageError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .wrapperUnfit(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .wrapperUnfit(path: path, reason: String(cString: strerror(errno))) }
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= maximumBytes else { throw .wrapperUnfit(path: path, reason: "it is too large") }
        }
    }
}
