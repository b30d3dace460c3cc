// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Takes a credential out of a stream of bytes, in every spelling of ``Needle``, wherever the stream is cut.
///
/// Each byte of a find becomes `*`, so that lengths stay true; every other byte is unchanged. Held back is exactly what
/// may be the beginning of a find, so an event stream flows event by event. An automaton finds all spellings at once:
/// its states are made when a stream first leads there, and each knows how far back the earliest beginning lies.
/// One-way transforms, such as a hash or a cipher, are out of its reach.
package struct ResponseScrubber {
    /// More states than any honest stream leads to, and few enough for the table; beyond it they are made anew.
    private static let mostStates = 4_096

    private var ways: Ways
    private var state = Automaton.root
    /// The last bytes, which may be the beginning of a find; masked already where one was found.
    private var held: [UInt8] = []
    /// How many times something was found.
    package private(set) var finds = 0

    package init(_ secrets: [SharedSecret]) {
        ways = Ways(secrets.filter { $0.bytes.count >= 2 }.flatMap(Needle.all))
    }

    /// Whether `chunk` may go on as it is, at once: nothing was held before it, nothing is found and nothing is held back.
    ///
    /// Otherwise it is as if nobody had asked, and ``scrub(_:release:)`` has to look through it.
    package mutating func passes(_ chunk: UnsafeRawBufferPointer) -> Bool {
        guard held.isEmpty else { return false }
        // Nothing is held, so nothing of what went before matters.
        state = Automaton.root
        var index = 0
        while true {
            (index, state) = ways.automaton.run(from: state, over: chunk, at: index)
            guard index < chunk.count else { break }
            state = next(chunk[index])
            index += 1
            guard ways.automaton.found[state] == 0 else { break }
        }
        if index == chunk.count, ways.automaton.found[state] == 0, ways.automaton.back[state] == 0 { return true }
        state = Automaton.root
        return false
    }

    /// Looks through `chunk`, which it changes, and lends `release` what may go on, in at most two pieces.
    package mutating func scrub(
        _ chunk: UnsafeMutableRawBufferPointer,
        release: (UnsafeRawBufferPointer) -> Void
    ) {
        var index = 0
        while true {
            (index, state) = ways.automaton.run(from: state, over: UnsafeRawBufferPointer(chunk), at: index)
            guard index < chunk.count else { break }
            state = next(chunk[index])
            index += 1
            let length = ways.automaton.found[state]
            if length > 0 { mask(length, endingAt: index, in: chunk) }
        }
        let back = ways.automaton.back[state]
        let total = held.count + chunk.count
        let free = total - back
        if free >= held.count {
            if !held.isEmpty { held.withUnsafeBytes(release) }
            held.removeAll(keepingCapacity: true)
            let cut = chunk.count - back
            if cut > 0 { release(UnsafeRawBufferPointer(rebasing: chunk[..<cut])) }
            if back > 0 { held.append(contentsOf: chunk[cut...]) }
        } else {
            held.withUnsafeBytes { release(UnsafeRawBufferPointer(rebasing: $0[..<free])) }
            held.removeFirst(free)
            held.append(contentsOf: chunk)
        }
    }

    /// Ends the stream: what was held back is no beginning of a find any more.
    package mutating func finish(release: (UnsafeRawBufferPointer) -> Void) {
        if !held.isEmpty { held.withUnsafeBytes(release) }
        held.removeAll()
        state = Automaton.root
    }

    /// A scrubber for another stream, with the same states.
    package var anew: ResponseScrubber {
        var scrubber = self
        scrubber.state = Automaton.root
        scrubber.held = []
        scrubber.finds = 0
        return scrubber
    }

    /// Wipes what is held back, of a stream that nobody reads any more.
    package mutating func wipe() {
        for index in held.indices { held[index] = 0 }
        held = []
        state = Automaton.root
    }

    /// The whole of a short text, such as a field's value.
    package mutating func scrubbed(_ text: String) -> String {
        guard !ways.needles.isEmpty, !passes(text) else { return text }
        var bytes = Array(text.utf8)
        let before = finds
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        bytes.withUnsafeMutableBytes { scrub($0) { output.append(contentsOf: $0) } }
        finish { output.append(contentsOf: $0) }
        return finds == before ? text : String(decoding: output, as: UTF8.self)
    }

    /// Whether nothing is found in a short text, held at its end or not.
    private mutating func passes(_ text: String) -> Bool {
        var text = text
        defer { state = Automaton.root }
        return text.withUTF8 { bytes in
            let bytes = UnsafeRawBufferPointer(bytes)
            var index = 0
            while true {
                (index, state) = ways.automaton.run(from: state, over: bytes, at: index)
                guard index < bytes.count else { return true }
                state = next(bytes[index])
                guard ways.automaton.found[state] == 0 else { return false }
                index += 1
            }
        }
    }

    /// How many bytes are held back.
    var heldCount: Int { held.count }

    /// How many states it has, half a kibibyte or more each.
    package var stateCount: Int { ways.automaton.found.count }

    private mutating func mask(_ length: Int, endingAt end: Int, in chunk: UnsafeMutableRawBufferPointer) {
        finds += 1
        let star = UInt8(ascii: "*")
        for index in max(0, end - length)..<end { chunk[index] = star }
        guard length > end else { return }
        for index in (held.count - (length - end))..<held.count { held[index] = star }
    }

    private mutating func next(_ byte: UInt8) -> Int { ways.automaton.next(state, byte) ?? advance(byte) }

    private mutating func advance(_ byte: UInt8) -> Int {
        if !isKnownUniquelyReferenced(&ways) { ways = Ways(like: ways) }
        if ways.automaton.found.count >= Self.mostStates { state = ways.automaton.forgetAll(but: state, ways.needles) }
        return ways.automaton.add(from: state, on: byte, ways.needles)
    }
}

/// What scrubbers of the same needles share until one of them is led to a new state: a copy of a scrubber is one reference.
// Changed only by a scrubber that holds it alone, like the storage of an array.
private final class Ways: @unchecked Sendable {
    let needles: [Needle]
    var automaton: Automaton

    init(_ needles: [Needle]) {
        self.needles = needles
        automaton = Automaton(of: needles)
    }

    init(like other: Ways) {
        needles = other.needles
        automaton = other.automaton
    }
}

/// The states that a stream has led to, and the way from one to the next.
private struct Automaton {
    static let root = 0
    private static let unknown = Int16.min

    /// 256 for each state: the next one, or where something is found there, its complement, and ``unknown``.
    private var table = [Int16](repeating: unknown, count: 256)
    /// What an ordinary answer leads to.
    private static let usualStates = 32
    private var threads: [[Thread]] = [[]]
    private var known: [Key: Int] = [Key(threads: [], found: 0): 0]
    /// For each state, how many bytes the find that ends there has; 0 for none.
    private(set) var found = [0]
    /// For each state, how many bytes may be the beginning of a find.
    private(set) var back = [0]

    private struct Key: Hashable {
        let threads: [Thread]
        let found: Int
    }

    func next(_ state: Int, _ byte: UInt8) -> Int? {
        let next = table[state << 8 | Int(byte)]
        return next == Self.unknown ? nil : Int(next < 0 ? ~next : next)
    }

    /// Follows known ways on which nothing is found; returns where that ended, and in which state.
    func run(from state: Int, over chunk: UnsafeRawBufferPointer, at start: Int) -> (index: Int, state: Int) {
        table.withUnsafeBufferPointer { table in
            var index = start
            var state = state
            while index < chunk.count {
                let next = table[state << 8 | Int(chunk[index])]
                if next < 0 { break }
                index += 1
                state = Int(next)
                guard state == Self.root else { continue }
                // Here every byte can be looked at by itself: most lead nowhere.
                while index + 8 <= chunk.count {
                    let here = table[Int(chunk[index])] | table[Int(chunk[index + 1])]
                    let next = table[Int(chunk[index + 2])] | table[Int(chunk[index + 3])]
                    let then = table[Int(chunk[index + 4])] | table[Int(chunk[index + 5])]
                    let last = table[Int(chunk[index + 6])] | table[Int(chunk[index + 7])]
                    guard here | next | then | last == 0 else { break }
                    index += 8
                }
                while index < chunk.count, table[Int(chunk[index])] == 0 { index += 1 }
            }
            return (index, state)
        }
    }

    /// What no needle begins with leads from the root to the root.
    init(of needles: [Needle]) {
        // At once: a table that grows is copied again and again.
        table.reserveCapacity(Self.usualStates << 8)
        let beginnings = needles.reduce(ByteSet()) { $0.union($1.firstBytes) }
        for byte in UInt8.min...UInt8.max where !beginnings.contains(byte) { table[Int(byte)] = Int16(Self.root) }
    }

    mutating func add(from state: Int, on byte: UInt8, _ needles: [Needle]) -> Int {
        guard state != Self.root else { return addFromRoot(on: byte, needles) }
        // What may begin here is the same in every state, and mostly nothing goes on.
        let fresh = next(Self.root, byte) ?? addFromRoot(on: byte, needles)
        var following: Set<Thread> = []
        var length = 0
        for thread in threads[state] {
            thread.step(byte, of: needles[thread.needle], into: &following, found: &length)
        }
        guard !following.isEmpty || length > 0 else {
            table[state << 8 | Int(byte)] = table[Int(byte)]
            return fresh
        }
        following.formUnion(threads[fresh])
        return add(following, found: max(length, found[fresh]), from: state, on: byte)
    }

    private mutating func addFromRoot(on byte: UInt8, _ needles: [Needle]) -> Int {
        var following: Set<Thread> = []
        var length = 0
        for (index, needle) in needles.enumerated() where needle.firstBytes.contains(byte) {
            let fresh = Thread(needle: index, element: 0, spelling: 0, offset: 0, length: 0)
            fresh.step(byte, of: needle, into: &following, found: &length)
        }
        guard !following.isEmpty || length > 0 else {
            table[Int(byte)] = Int16(Self.root)
            return Self.root
        }
        return add(following, found: length, from: Self.root, on: byte)
    }

    private mutating func add(_ following: Set<Thread>, found length: Int, from state: Int, on byte: UInt8) -> Int {
        let key = Key(threads: following.sorted(), found: length)
        let number: Int
        if let old = known[key] {
            number = old
        } else {
            number = found.count
            known[key] = number
            threads.append(key.threads)
            found.append(length)
            back.append(key.threads.map(\.length).max() ?? 0)
            table.append(contentsOf: repeatElement(Self.unknown, count: 256))
        }
        table[state << 8 | Int(byte)] = length > 0 ? ~Int16(number) : Int16(number)
        return number
    }

    /// Starts anew with the root and the state of that number, whose new number it returns.
    mutating func forgetAll(but state: Int, _ needles: [Needle]) -> Int {
        let kept = threads[state]
        let length = back[state]
        self = Automaton(of: needles)
        guard !kept.isEmpty else { return Self.root }
        known[Key(threads: kept, found: 0)] = 1
        threads.append(kept)
        found.append(0)
        back.append(length)
        table.append(contentsOf: repeatElement(Self.unknown, count: 256))
        return 1
    }
}

/// One way in which the last bytes may be the beginning of a needle.
private struct Thread: Hashable, Comparable {
    let needle: Int
    let element: Int
    let spelling: Int
    let offset: Int
    /// How many bytes it has taken.
    let length: Int

    /// Stand in the place of a spelling: between two elements, after a reference that a semicolon may follow, and after
    /// the line feed or carriage return there.
    private static let afterReference = 253
    private static let afterReturn = 254
    private static let afterBreak = 255

    static func < (left: Thread, right: Thread) -> Bool {
        (left.needle, left.element, left.spelling, left.offset, left.length)
            < (right.needle, right.element, right.spelling, right.offset, right.length)
    }

    func step(_ byte: UInt8, of needle: Needle, into next: inout Set<Thread>, found: inout Int) {
        guard offset == 0 else {
            return step(byte, of: needle, spelling, into: &next, found: &found)
        }
        for spelling in 0..<needle.spellings { step(byte, of: needle, spelling, into: &next, found: &found) }
        if byte == UInt8(ascii: ";"), spelling == Self.afterReference { next.insert(at(0)) }
        guard needle.mayBreak, element > 0, spelling != Self.afterBreak else { return }
        if byte == UInt8(ascii: "\n") {
            next.insert(at(Self.afterBreak))
        } else if byte == UInt8(ascii: "\r"), spelling != Self.afterReturn {
            next.insert(at(Self.afterReturn))
        }
    }

    private func step(
        _ byte: UInt8,
        of needle: Needle,
        _ spelling: Int,
        into next: inout Set<Thread>,
        found: inout Int
    ) {
        switch needle.step(element, spelling, offset, byte) {
        case .wrong: return
        case .goesOn:
            next.insert(
                Thread(
                    needle: self.needle,
                    element: element,
                    spelling: spelling,
                    offset: offset + 1,
                    length: length + 1
                )
            )
        case .ends where element + 1 == needle.count, .endsBeforeSemicolon where element + 1 == needle.count:
            found = max(found, length + 1)
        case .ends: next.insert(following(0))
        case .endsBeforeSemicolon: next.insert(following(Self.afterReference))
        }
    }

    private func following(_ mark: Int) -> Thread {
        Thread(needle: needle, element: element + 1, spelling: mark, offset: 0, length: length + 1)
    }

    private func at(_ mark: Int) -> Thread {
        Thread(needle: needle, element: element, spelling: mark, offset: 0, length: length + 1)
    }
}
