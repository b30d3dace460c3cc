// SPDX-License-Identifier: Apache-2.0

/// What `--mask-output` looks for.
enum MaskedValues {
    /// A shorter one is found in words that have nothing to do with it.
    static let shortest = 4
    /// A line of a value of several lines: `}` is no secret.
    static let shortestLine = 8

    /// The values of these names, or all but the readable ones; of several lines also as a terminal shows them, and line
    /// by line.
    static func list(_ answer: Answer, _ names: [Text]) -> (values: [[UInt8]], tooShort: [Text]) {
        var values: [[UInt8]] = []
        var tooShort: [Text] = []
        for string in answer.strings {
            guard let name = string.name, let value = string.value, !value.isEmpty else { continue }
            guard names.isEmpty ? answer.readableNames?.hasWord(name) != true : names.contains(name) else { continue }
            guard value.count >= shortest else {
                tooShort.append(name)
                continue
            }
            add(Array(value.bytes), to: &values)
            guard value.index(of: UInt8(ascii: "\n")) != nil else { continue }
            var lines: [Text] = []
            value.forEachPiece(separator: UInt8(ascii: "\n")) { lines.append($0.trimmed) }
            let least = lines.count == 1 ? shortest : shortestLine
            for line in lines where line.count >= least { add(Array(line.bytes), to: &values) }
            var shown: [UInt8] = []
            for byte in value.bytes {
                if byte == UInt8(ascii: "\n"), shown.last != UInt8(ascii: "\r") { shown.append(UInt8(ascii: "\r")) }
                shown.append(byte)
            }
            add(shown, to: &values)
        }
        return (values, tooShort)
    }

    private static func add(_ value: [UInt8], to values: inout [[UInt8]]) {
        if !values.contains(where: { $0 == value }) { values.append(value) }
    }
}
