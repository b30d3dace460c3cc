// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The time that the disk needs to make 4 KiB durable: what no server that keeps its word can go below.
struct DiskProbe {
    private let path: String
    private(set) var seconds: [Double] = []

    init(in folder: String) {
        path = "\(folder)/fdatasync"
    }

    /// Appends and syncs `count` times.
    mutating func measure(_ count: Int) throws(BenchmarkError) {
        let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .system("open \(path)", errno) }
        defer { close(file) }
        let block = [UInt8](repeating: 0xA5, count: 4096)
        for _ in 0..<count {
            guard write(file, block, block.count) == block.count else { throw .system("write \(path)", errno) }
            let start = Machine.now
            guard fdatasync(file) == 0 else { throw .system("fdatasync \(path)", errno) }
            seconds.append(Machine.now - start)
        }
    }
}
