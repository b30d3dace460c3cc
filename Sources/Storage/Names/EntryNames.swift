// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import VaultModel

/// The name of a live secret or variable, folded as the engine's `lower()` does it.
struct EntryName: Equatable {
    let id: EntryID
    let kind: EntryKind
    let folded: String
}

/// The names of a workspace's live secrets and variables in the order of their ids, in memory, to be searched.
///
/// Names lie one behind the other in blocks of some hundred: a search is a look at bytes, whatever it finds, and a
/// change moves the bytes of one block. It is a value, so a search is not disturbed by what others change meanwhile.
struct EntryNames: Sendable {
    /// The longest part of a name that is worth a look here: as long as a name.
    static let longestNeedle = 128

    private var blocks: [Block] = []
    /// How much memory it takes, in bytes, but for the edges of blocks.
    private(set) var size = 0

    /// What to look for, as C has it; nil for what only the database can answer in its own way.
    static func needle(_ text: String) -> [CChar]? {
        let needle = text.lowercased().utf8
        guard (1...longestNeedle).contains(needle.count) else { return nil }
        // The engine's LIKE ends a text at a NUL.
        guard !needle.contains(where: { $0 == 0 || $0 == UInt8(bitPattern: Block.separator) }) else { return nil }
        return needle.map { CChar(bitPattern: $0) } + [0]
    }

    /// Adds a name whose id comes after all others.
    mutating func append(_ name: EntryName) {
        if blocks.last.map(\.isFull) ?? true { blocks.append(Block()) }
        size += Block.size(of: name)
        blocks[blocks.count - 1].insert(name)
    }

    /// Puts a name in, in place of the one that its entry had.
    mutating func set(_ name: EntryName) {
        remove(name.id)
        // Behind all others, an entry opens a block of its own, as most new ones do.
        guard let index = index(ofBlockReaching: name.id) else { return append(name) }
        size += Block.size(of: name)
        blocks[index].insert(name)
        if let half = blocks[index].split() { blocks.insert(half, at: index + 1) }
    }

    mutating func remove(_ id: EntryID) {
        guard let index = index(ofBlockReaching: id) else { return }
        size -= blocks[index].remove(id)
        if blocks[index].isEmpty { blocks.remove(at: index) }
    }

    /// The entries after `after` whose names contain `needle`, at most `limit` of them, in the order of their ids.
    func ids(containing needle: [CChar], kind: EntryKind?, after: EntryID?, limit: Int) -> [EntryID] {
        var found: [EntryID] = []
        var next = 0
        var skipped: EntryID?
        if let after {
            guard let index = index(ofBlockReaching: after) else { return [] }
            (next, skipped) = (index, after)
        }
        while next < blocks.count, found.count < limit {
            found += blocks[next].ids(containing: needle, kind: kind, after: skipped, limit: limit - found.count)
            next += 1
            skipped = nil
        }
        return found
    }

    /// The first block whose last id is `id` or comes after it.
    private func index(ofBlockReaching id: EntryID) -> Int? {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].reaches(id) { high = middle } else { low = middle + 1 }
        }
        return low < blocks.count ? low : nil
    }
}

/// Some hundred names, one behind the other.
private struct Block: Sendable {
    static let separator = CChar(bitPattern: UInt8(ascii: "\n"))
    private static let mostNames = 512
    private static let idLength = 36

    /// The text of each id, without anything between.
    private var ids: [UInt8] = []
    private var kinds: [EntryKind] = []
    /// Where each name begins in `names`.
    private var starts: [Int32] = []
    /// Each name with a separator behind it, which no search contains, so that what is found lies in one name; a NUL
    /// ends them all.
    private var names: [CChar] = [0]

    var isFull: Bool { kinds.count >= Self.mostNames }
    var isEmpty: Bool { kinds.isEmpty }

    static func size(of name: EntryName) -> Int { size(ofNameOf: name.folded.utf8.count + 1) }

    private static func size(ofNameOf length: Int) -> Int { idLength + length + 5 }

    func reaches(_ id: EntryID) -> Bool { compare(kinds.count - 1, id) >= 0 }

    mutating func insert(_ name: EntryName) {
        let index = firstIndex(notBefore: name.id)
        let start = index < starts.count ? starts[index] : Int32(names.count - 1)
        // No name has a NUL, unless somebody has written one into the database.
        let text = name.folded.utf8.map { $0 == 0 ? Self.separator : CChar(bitPattern: $0) } + [Self.separator]
        ids.insert(contentsOf: name.id.text.utf8, at: index * Self.idLength)
        kinds.insert(name.kind, at: index)
        names.insert(contentsOf: text, at: Int(start))
        starts.insert(start, at: index)
        for later in (index + 1)..<starts.count { starts[later] += Int32(text.count) }
    }

    /// Says how much memory that freed; 0 when the entry is not there.
    mutating func remove(_ id: EntryID) -> Int {
        let index = firstIndex(notBefore: id)
        guard index < kinds.count, compare(index, id) == 0 else { return 0 }
        let name = Int(starts[index])..<end(of: index)
        ids.removeSubrange((index * Self.idLength)..<((index + 1) * Self.idLength))
        kinds.remove(at: index)
        starts.remove(at: index)
        names.removeSubrange(name)
        for later in index..<starts.count { starts[later] -= Int32(name.count) }
        return Self.size(ofNameOf: name.count)
    }

    /// Gives the second half away, where there is more than fits.
    mutating func split() -> Block? {
        guard kinds.count > Self.mostNames else { return nil }
        let middle = kinds.count / 2
        let cut = starts[middle]
        var half = Block()
        half.ids = Array(ids[(middle * Self.idLength)...])
        half.kinds = Array(kinds[middle...])
        half.starts = starts[middle...].map { $0 - cut }
        half.names = Array(names[Int(cut)...])
        ids.removeSubrange((middle * Self.idLength)...)
        kinds.removeSubrange(middle...)
        starts.removeSubrange(middle...)
        names.removeSubrange(Int(cut)..<(names.count - 1))
        return half
    }

    func ids(containing needle: [CChar], kind: EntryKind?, after: EntryID?, limit: Int) -> [EntryID] {
        var first = 0
        if let after {
            first = firstIndex(notBefore: after)
            if first < kinds.count, compare(first, after) == 0 { first += 1 }
        }
        var found: [EntryID] = []
        while found.count < limit, first < kinds.count, let index = firstIndex(of: needle, from: first) {
            if kind == nil || kinds[index] == kind, let id = id(at: index) { found.append(id) }
            first = index + 1
        }
        return found
    }

    /// The first name from `first` on that contains `needle`.
    private func firstIndex(of needle: [CChar], from first: Int) -> Int? {
        let offset = Int(starts[first])
        let place = names.withUnsafeBufferPointer { names -> Int? in
            guard let base = names.baseAddress else { return nil }
            return strstr(base + offset, needle).map { UnsafePointer($0) - base }
        }
        guard let place else { return nil }
        var (low, high) = (first, starts.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if Int(starts[middle]) <= place { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private func firstIndex(notBefore id: EntryID) -> Int {
        var (low, high) = (0, kinds.count)
        while low < high {
            let middle = (low + high) / 2
            if compare(middle, id) < 0 { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// As memcmp(3): less than, equal to or greater than zero.
    private func compare(_ index: Int, _ id: EntryID) -> Int32 {
        var text = id.text
        return text.withUTF8 { id in
            ids.withUnsafeBytes { ids in
                guard let own = ids.baseAddress, let other = id.baseAddress else { return 0 }
                return memcmp(own + index * Self.idLength, other, Self.idLength)
            }
        }
    }

    private func id(at index: Int) -> EntryID? {
        EntryID(String(decoding: ids[(index * Self.idLength)..<((index + 1) * Self.idLength)], as: UTF8.self))
    }

    private func end(of index: Int) -> Int { index + 1 < starts.count ? Int(starts[index + 1]) : names.count - 1 }
}
