// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Bytes from the operating system's generator (getrandom(2)).
///
/// Never from a generator in the process: a virtual machine that is copied or put back would repeat its numbers.
enum Random {
    static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        var rest = buffer
        while let start = rest.baseAddress, rest.count > 0 {
            // At most 256 bytes at a time, and all of them (getentropy(3)).
            let count = min(rest.count, 256)
            // Linux has had the call since 3.17: without it there is nothing to make a key from.
            guard getentropy(start, count) == 0 else { fatalError("getrandom(2) failed") }
            rest = UnsafeMutableRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }
}
