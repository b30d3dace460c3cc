// SPDX-License-Identifier: Apache-2.0

/// What `docker run --env-file` of Docker 28 gives the container.
///
/// Everything after the first `=` is the value, with quotes, comments and blanks. A name without `=` would be taken from
/// the environment of the caller.
enum DockerDialect: DialectReader {
    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        var start = 0
        while start < text.count, !reading.isOver {
            let end = text.endOfLine(from: start)
            guard end - start <= SourceLines.longLineBytes else { return reading.refuse(.refusedByReader, at: start) }
            readLine(
                text,
                start..<(end > start && text[end - 1] == Byte.carriageReturn ? end - 1 : end),
                into: &reading
            )
            start = end + 1
        }
    }

    private static func readLine(
        _ text: UnsafeRawBufferPointer,
        _ line: Range<Int>,
        into reading: inout DialectReading
    ) {
        let start = text.skippingBlanks(from: line.lowerBound, to: line.upperBound)
        guard start < line.upperBound, text[start] != Byte.hash else { return }
        let equals = text[start..<line.upperBound].firstIndex(of: Byte.equals)
        let name = start..<(equals ?? line.upperBound)
        guard !name.isEmpty, !text[name].contains(where: \.isBlank) else {
            return reading.refuse(.refusedByReader, at: start)
        }
        guard let equals else { return reading.report(.environment, at: start) }
        reading.assign(ValuePieces((equals + 1)..<line.upperBound), from: text, to: text.slice(name), at: start)
    }
}
