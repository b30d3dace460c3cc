// SPDX-License-Identifier: Apache-2.0

/// Finds values in bytes that come one by one (Knuth, Morris and Pratt, once for each value).
///
/// Every occurrence counts, also one that overlaps another.
struct ValueMatcher {
    private struct Pattern {
        let bytes: [UInt8]
        /// For each length of a beginning, that of the longest shorter one that it ends with.
        let borders: [UInt32]
        var matched = 0

        init(_ bytes: [UInt8]) {
            var borders = [UInt32](repeating: 0, count: bytes.count)
            var length = 0
            for position in 1..<max(1, bytes.count) {
                while length > 0, bytes[position] != bytes[length] { length = Int(borders[length - 1]) }
                if bytes[position] == bytes[length] { length += 1 }
                borders[position] = UInt32(length)
            }
            self.bytes = bytes
            self.borders = borders
        }

        /// Whether the byte completes the value.
        mutating func take(_ byte: UInt8) -> Bool {
            // What was completed goes on as the longest beginning that it ends with.
            if matched == bytes.count { matched = Int(borders[matched - 1]) }
            while matched > 0, bytes[matched] != byte { matched = Int(borders[matched - 1]) }
            if bytes[matched] == byte { matched += 1 }
            return matched == bytes.count
        }

        /// How many of the last bytes may be the beginning of an occurrence that is not complete.
        var begun: Int { matched == bytes.count ? Int(borders[matched - 1]) : matched }
    }

    private var patterns: [Pattern]
    /// Those that are begun, in the first places of the list.
    private var active: [Int]
    private var activeCount = 0
    private let starts: [[Int]]
    /// How many of the last bytes may be the beginning of a value.
    private(set) var begun = 0
    let longest: Int

    /// None of the values may be empty.
    init(_ values: [[UInt8]]) {
        patterns = values.map { Pattern($0) }
        active = [Int](repeating: 0, count: values.count)
        longest = values.reduce(0) { max($0, $1.count) }
        var starts = [[Int]](repeating: [], count: 256)
        for (position, value) in values.enumerated() { starts[Int(value[0])].append(position) }
        self.starts = starts
    }

    /// Takes the next byte and returns the length of the longest value that ends with it, or 0.
    mutating func take(_ byte: UInt8) -> Int {
        let starting = starts[Int(byte)]
        begun = 0
        if activeCount == 0, starting.isEmpty { return 0 }
        var found = 0
        var kept = 0
        for place in 0..<activeCount {
            let position = active[place]
            if patterns[position].take(byte) { found = max(found, patterns[position].bytes.count) }
            if patterns[position].matched > 0 {
                active[kept] = position
                kept += 1
                begun = max(begun, patterns[position].begun)
            }
        }
        for position in starting where patterns[position].matched == 0 {
            if patterns[position].take(byte) { found = max(found, patterns[position].bytes.count) }
            active[kept] = position
            kept += 1
            begun = max(begun, patterns[position].begun)
        }
        activeCount = kept
        return found
    }
}
