// SPDX-License-Identifier: Apache-2.0

/// Bytes from the operating system's generator (getrandom(2)).
///
/// Never from a generator in the process: a virtual machine that is copied or put back would repeat its numbers.
enum Random {
    static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        var random = SystemRandomNumberGenerator()
        var rest = buffer
        while rest.count >= 8 {
            rest.storeBytes(of: random.next(), as: UInt64.self)
            rest = UnsafeMutableRawBufferPointer(rebasing: rest.dropFirst(8))
        }
        for index in rest.indices { rest[index] = UInt8.random(in: .min ... .max, using: &random) }
    }

    static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }
}
