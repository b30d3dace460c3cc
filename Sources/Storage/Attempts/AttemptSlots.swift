// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Synchronization

/// Records of what is under way, in a file that outlives the process: `attache.attempts`.
///
/// The file is mapped into memory, so a record that was put is in the kernel's hands without a system call, and there after
/// the process was killed however it was. A power failure may cost what was put since ``synchronize()``. Drawn in
/// `docs/formats/attempts.md`.
// The checker cannot know: a slot of the mapping has one holder, and the list of free ones is behind a lock.
package final class AttemptSlots: @unchecked Sendable {
    /// As many records as there are at a time.
    package static let count = 2_048
    /// As long as a record may be.
    package static let maximumBytes = slotBytes - 4

    private static let slotBytes = 1_024
    private static let magic: [UInt8] = Array("attache attempts 1\n".utf8)

    /// What was left by a process that ended: its slot, and its bytes.
    package let leftovers: [(slot: Int, record: [UInt8])]
    private let base: UnsafeMutableRawPointer
    /// Taken from the end, so that few pages are ever touched.
    private let free: Mutex<[Int]>

    /// Maps the file of `folder`, which is made with all of its room, so that a full disk is found here and never later.
    package init(in folder: DataFolder) throws(StorageFailure) {
        let descriptor = Glibc.open("\(folder.path)/attache.attempts", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StorageFailure(errno: errno) }
        defer { Glibc.close(descriptor) }
        let size = Self.slotBytes * (Self.count + 1)
        let problem = posix_fallocate(descriptor, 0, off_t(size))
        guard problem == 0 else { throw StorageFailure(errno: problem) }
        guard let mapped = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), mapped != MAP_FAILED
        else {
            throw StorageFailure(errno: errno)
        }
        base = mapped
        let head = UnsafeRawBufferPointer(start: mapped, count: Self.magic.count)
        guard head.elementsEqual(Self.magic) || head.allSatisfy({ $0 == 0 }) else {
            munmap(mapped, size)
            throw .corrupt
        }
        mapped.copyMemory(from: Self.magic, byteCount: Self.magic.count)
        var leftovers: [(slot: Int, record: [UInt8])] = []
        var free: [Int] = []
        for slot in (1...Self.count).reversed() {
            let place = mapped + slot * Self.slotBytes
            let length = Int(place.load(as: UInt32.self))
            if length == 0 {
                free.append(slot)
            } else {
                let bytes = UnsafeRawBufferPointer(start: place + 4, count: min(length, Self.maximumBytes))
                leftovers.append((slot, Array(bytes)))
            }
        }
        // Every page was looked at, and hardly any is needed: what is in the file stays there.
        madvise(mapped, size, MADV_DONTNEED)
        self.leftovers = leftovers.reversed()
        self.free = Mutex(free)
    }

    deinit { munmap(base, Self.slotBytes * (Self.count + 1)) }

    /// Has `write` write a record of `count` bytes into a free slot; nil when there is none, or the record is too long.
    package func put(count: Int, _ write: (UnsafeMutableRawBufferPointer) -> Void) -> Int? {
        guard (1...Self.maximumBytes).contains(count) else { return nil }
        guard let slot = free.withLock({ $0.popLast() }) else { return nil }
        let place = base + slot * Self.slotBytes
        write(UnsafeMutableRawBufferPointer(start: place + 4, count: count))
        // The length last: a process that ends in between leaves a free slot.
        atomicMemoryFence(ordering: .releasing)
        place.storeBytes(of: UInt32(count), as: UInt32.self)
        return slot
    }

    /// Frees slots whose records are kept elsewhere by now.
    package func free(_ slots: [Int]) {
        for slot in slots { (base + slot * Self.slotBytes).storeBytes(of: 0, as: UInt32.self) }
        free.withLock { $0.append(contentsOf: slots) }
    }

    /// Waits until everything that was put is on the disk; blocks its thread.
    package func synchronize() throws(StorageFailure) {
        guard msync(base, Self.slotBytes * (Self.count + 1), MS_SYNC) == 0 else { throw StorageFailure(errno: errno) }
    }
}
