// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// A file in another dialect or format: what holds for every file is checked here, the rest is its reader's.
enum ForeignFile {
    static func parse(_ bytes: UnsafeRawBufferPointer, _ options: ReadingOptions) -> ParsedEnvironment {
        var log = FindingLog(isStrict: options.isStrict, accepted: options.accepted)
        var entries = EntryList()
        read(bytes, options, &entries, &log)
        return ParsedEnvironment(entries: entries, log: log)
    }

    private static func read(
        _ bytes: UnsafeRawBufferPointer,
        _ options: ReadingOptions,
        _ entries: inout EntryList,
        _ log: inout FindingLog
    ) {
        let top = FindingPlace(line: 1, column: 1)
        guard bytes.count <= EnvironmentFileReader.maximumFileBytes else { return log.report(.fileTooLarge, at: top) }
        guard !EnvironmentFileReader.foreignByteOrderMarks.contains(where: bytes.starts) else {
            return log.report(.encoding, at: top)
        }
        let mark = EnvironmentFileReader.byteOrderMark
        let reader: any DialectReader.Type
        var skipsMark = true
        var lineEnds = Dialect.LineEnds.asTheyAre
        switch options.format {
        case .json: reader = FlatJSON.self
        case .yaml: reader = FlatYAML.self
        case .env:
            guard let dialectReader = options.dialect.reader else { return }
            reader = dialectReader
            skipsMark = options.dialect.skipsByteOrderMark
            lineEnds = options.dialect.lineEnds
        }
        var start = 0
        if bytes.starts(with: mark), skipsMark {
            log.report(.byteOrderMark, at: top)
            start = mark.count
        }
        let text = UnsafeRawBufferPointer(rebasing: bytes[start...])
        if let problem = characterProblem(text) {
            return log.report(problem.code, at: TextPlaces(text).place(of: problem.index))
        }
        let normalized = lineEnds.apply(to: text)
        normalized.withBytes { text in
            var reading = DialectReading()
            reader.read(text, into: &reading)
            let places = TextPlaces(text)
            let own = options.format == .env ? EnvironmentFileReader.ownValues(of: bytes) : nil
            let last = Dictionary(reading.assignments.enumerated().map { ($1.name, $0) }) { $1 }
            for problem in reading.problems { log.report(problem.code, at: places.place(of: problem.index)) }
            for (index, assignment) in reading.assignments.enumerated() {
                let place = places.place(of: assignment.index)
                let value = assignment.value.bytes.copy()
                var traits: ValueTraits = assignment.name.isDangerous ? .dangerousName : []
                if value.withBytes({ $0.contains(Byte.lineFeed) }) { traits.insert(.multiline) }
                if let own, index == last[assignment.name],
                    own.value(of: assignment.name)?.bytes.hasSameBytes(as: value) != true
                {
                    traits.insert(.otherValue)
                }
                entries.store(value, as: assignment.name, at: place, traits, reportingTo: &log)
            }
        }
        entries.flagNamesThatDifferInCaseOnly(reportingTo: &log)
    }

    /// The first byte that is in no text: what no variable can hold, or no reader is defined for.
    private static func characterProblem(_ text: UnsafeRawBufferPointer) -> (code: FindingCode, index: Int)? {
        var index = 0
        while index < text.count {
            if text[index] == 0 { return (.nul, index) }
            guard text[index] >= 0x80 else {
                index += 1
                continue
            }
            guard let sequence = UTF8Sequence(text, at: index, before: text.count) else { return (.invalidUTF8, index) }
            index += sequence.length
        }
        return nil
    }
}

/// Line and column of the bytes of a text.
struct TextPlaces {
    private let starts: [Int]

    init(_ text: UnsafeRawBufferPointer) {
        var starts = [0]
        for index in text.indices where text[index] == Byte.lineFeed { starts.append(index + 1) }
        self.starts = starts
    }

    func place(of index: Int) -> FindingPlace {
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= index { low = middle } else { high = middle }
        }
        return FindingPlace(line: low + 1, column: index - starts[low] + 1)
    }
}

extension Dialect.LineEnds {
    fileprivate func apply(to text: UnsafeRawBufferPointer) -> SecretBytes {
        guard self != .asTheyAre, text.contains(Byte.carriageReturn) else { return SecretBytes(copying: text) }
        var pieces = ValuePieces()
        var literal = 0
        for index in text.indices where text[index] == Byte.carriageReturn {
            pieces.append(literal..<index)
            literal = index + 1
            let isBeforeLineFeed = literal < text.count && text[literal] == Byte.lineFeed
            if self == .unified, !isBeforeLineFeed { pieces.append(Byte.lineFeed) }
        }
        pieces.append(literal..<text.count)
        return pieces.value(from: text)
    }
}
