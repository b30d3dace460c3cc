// SPDX-License-Identifier: Apache-2.0

/// Where the string of a name stands in a list (a hash table with open addressing).
struct NameIndex {
    private var slots: [(name: Text, position: Int)?]

    /// Makes room for `capacity` names, and no more than that may be put in.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: nil, count: size)
    }

    /// Remembers the position and returns the one that the name had before.
    mutating func put(_ name: Text, at position: Int) -> Int? {
        let slot = slot(of: name)
        let older = slots[slot]?.position
        slots[slot] = (name, position)
        return older
    }

    func position(of name: Text) -> Int? { slots[slot(of: name)]?.position }

    private func slot(of name: Text) -> Int {
        // FNV-1a, 64 bits.
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        var slot = Int(truncatingIfNeeded: hash & UInt64(slots.count - 1))
        while let taken = slots[slot], taken.name != name { slot = (slot + 1) & (slots.count - 1) }
        return slot
    }
}
