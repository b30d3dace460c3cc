// SPDX-License-Identifier: Apache-2.0

/// The physical lines of a file, handed out one by one, each with its characters checked.
///
/// A line ends at LF or CR LF. What may not stand in a file is reported when its line is first read, once for each
/// line and code, however often the reader goes back.
struct SourceLines {
    struct Line {
        /// Counted from 1.
        let number: Int
        let start: Int
        /// The index after the last character; the line end is not part of the line.
        let end: Int
        /// Where the next line begins.
        let next: Int
        /// Whether every character may stand in a file.
        let isClean: Bool

        func place(of index: Int) -> FindingPlace { FindingPlace(line: number, column: index - start + 1) }
    }

    /// The longest line that every common reader takes.
    static let longLineBytes = 65_535

    let bytes: UnsafeRawBufferPointer
    private var position: Int
    private var number = 0
    private var lastChecked = 0
    private var hasInvalidUTF8 = false

    init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
        self.bytes = bytes
        position = start
    }

    mutating func next(reportingTo log: inout FindingLog) -> Line? {
        guard position < bytes.count else { return nil }
        let start = position
        let index = bytes.endOfLine(from: start)
        let isPlain = bytes.isPlain(from: start, to: index)
        let hasReturn = index < bytes.count && index > start && bytes[index - 1] == Byte.carriageReturn
        let end = hasReturn ? index - 1 : index
        position = min(index + 1, bytes.count)
        number += 1

        var problems: [(code: FindingCode, index: Int)] = []
        if !isPlain { problems = problematicCharacters(from: start, to: end) }
        let line = Line(number: number, start: start, end: end, next: position, isClean: problems.isEmpty)
        if number > lastChecked {
            lastChecked = number
            for problem in problems { report(problem.code, at: line.place(of: problem.index), to: &log) }
            if end - start > Self.longLineBytes { log.report(.longLine, at: line.place(of: start)) }
        }
        return line
    }

    /// Makes the line after `line` the next one.
    mutating func goBack(toAfter line: Line) {
        position = line.next
        number = line.number
    }

    /// Makes `line` the next one.
    mutating func goBack(to line: Line) {
        position = line.start
        number = line.number - 1
    }

    /// Reports a character; of those that are not UTF-8 the first of the file is enough, as most files in another
    /// encoding have many.
    private mutating func report(_ code: FindingCode, at place: FindingPlace, to log: inout FindingLog) {
        if code == .invalidUTF8 {
            if hasInvalidUTF8 { return }
            hasInvalidUTF8 = true
        }
        log.report(code, at: place)
    }

    /// The first place of each kind of character that may not be there.
    private func problematicCharacters(from start: Int, to end: Int) -> [(code: FindingCode, index: Int)] {
        var problems: [(code: FindingCode, index: Int)] = []
        var index = start
        while index < end {
            let byte = bytes[index]
            var length = 1
            var code: FindingCode?
            if byte >= 0x80 {
                if let sequence = UTF8Sequence(bytes, at: index, before: end) {
                    length = sequence.length
                    // The C1 controls.
                    if sequence.scalar.value < 0xA0 { code = .control }
                } else {
                    code = .invalidUTF8
                }
            } else if byte < 0x20 || byte == 0x7F {
                switch byte {
                case Byte.tab: break
                case 0: code = .nul
                case Byte.carriageReturn: code = .loneCarriageReturn
                default: code = .control
                }
            }
            if let code, !problems.contains(where: { $0.code == code }) { problems.append((code, index)) }
            index += length
        }
        return problems
    }
}
