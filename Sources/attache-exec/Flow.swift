// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// One direction of a connection that is passed on: what was received and not yet sent, of a fixed size.
struct Flow {
    /// What is held at most, and room for a line that is put in.
    static let capacity = 32 << 10
    private static let spare = 64

    private let room: UnsafeMutablePointer<UInt8>
    private var start = 0
    private var end = 0
    /// Whether nothing more will come.
    private(set) var hasEnded = false

    init() { room = .allocate(capacity: Flow.capacity + Flow.spare) }

    /// The one who made it lets go of it.
    func free() { room.deallocate() }

    var isEmpty: Bool { start == end }

    var canTake: Bool { !hasEnded && end < Flow.capacity }

    var text: Text { Text(UnsafeBufferPointer(start: room + start, count: end - start)) }

    /// Receives what is there; false where the connection is broken.
    mutating func fill(from descriptor: Int32) -> Bool {
        guard canTake else { return true }
        let got = ckernel_forward_receive(descriptor, room + end, Flow.capacity - end)
        if got > 0 { end += Int(got) }
        if got == 0 { hasEnded = true }
        return got >= 0 || got == -Int64(EAGAIN)
    }

    /// Sends what there is room for; false where the connection is broken.
    mutating func drain(into descriptor: Int32) -> Bool {
        while start < end {
            let sent = ckernel_forward_send(descriptor, room + start, end - start)
            guard sent > 0 else { return sent == -Int64(EAGAIN) }
            start += Int(sent)
        }
        (start, end) = (0, 0)
        return true
    }

    /// Takes nothing more.
    mutating func finish() { hasEnded = true }

    /// Drops what is held, and whatever may still come.
    mutating func abandon() {
        (start, end) = (0, 0)
        hasEnded = true
    }

    /// Puts `bytes` in place of the first `count` bytes: at most as many more as there is spare room for.
    mutating func replaceFirst(_ count: Int, by bytes: [UInt8]) {
        let rest = text[count..<end - start]
        let length = rest.count
        guard bytes.count + length <= Flow.capacity + Flow.spare else { return abandon() }
        (room + bytes.count).update(from: room + start + count, count: length)
        for (position, byte) in bytes.enumerated() { room[position] = byte }
        (start, end) = (0, bytes.count + length)
    }
}
