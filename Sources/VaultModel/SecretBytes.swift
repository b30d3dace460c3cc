// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// Plaintext that exists in one place and is wiped when that place goes away.
///
/// Not `Copyable`, so the compiler refuses a second copy; not `CustomStringConvertible`, so interpolating one into a
/// log line does not build. The bytes are lent by ``withBytes(_:)`` for the length of a closure.
package struct SecretBytes: ~Copyable, Sendable {
    // The checker cannot know: written only in `init`, before the value is shared, and freed only in `deinit`.
    private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

    package init(copying bytes: some Collection<UInt8>) {
        storage = .allocate(byteCount: bytes.count, alignment: 1)
        storage.copyBytes(from: bytes)
    }

    /// Makes `count` bytes that `fill` writes.
    package init<E: Error>(count: Int, filledBy fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        storage = .allocate(byteCount: count, alignment: 1)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        try fill(storage)
    }

    deinit {
        if let base = storage.baseAddress { ckernel_zero(base, storage.count) }
        storage.deallocate()
    }

    package var count: Int { storage.count }

    package var isEmpty: Bool { storage.isEmpty }

    /// Lends the plaintext for the length of `body`, which must not let the pointer escape.
    package borrowing func withBytes<R: ~Copyable, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try body(UnsafeRawBufferPointer(storage))
    }

    package borrowing func copy() -> SecretBytes {
        SecretBytes(copying: UnsafeRawBufferPointer(storage))
    }
}
