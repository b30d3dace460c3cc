// SPDX-License-Identifier: Apache-2.0

/// What `EnvironmentFile=` of systemd 254 and later gives a service (systemd.exec(5)).
///
/// Quotes may stand anywhere before other text, a backslash drops out outside of single quotes, and names that are no
/// names are dropped. Earlier versions also drop the line after a comment that ends with a backslash.
struct SystemdDialect: DialectReader {
    private enum State { case beforeKey, key, beforeValue, value, escape, single, double, doubleEscape, comment }

    private let text: UnsafeRawBufferPointer
    private var state = State.beforeKey
    private var name = 0..<0
    private var value = ValuePieces()
    /// How much of the value is left without the white space that it ends with so far.
    private var trimmedCount: Int?

    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading) {
        var reader = SystemdDialect(text: text)
        for index in text.indices { reader.take(index, into: &reading) }
        switch reader.state {
        case .beforeValue, .value, .escape, .single, .double, .doubleEscape: reader.assign(into: &reading)
        case .key: reading.report(.skippedLine, at: reader.name.lowerBound)
        case .beforeKey, .comment: break
        }
    }

    private init(text: UnsafeRawBufferPointer) { self.text = text }

    private mutating func take(_ index: Int, into reading: inout DialectReading) {
        let byte = text[index]
        let isLineEnd = byte == Byte.lineFeed || byte == Byte.carriageReturn
        let isSpace = isLineEnd || byte.isBlank
        switch state {
        case .beforeKey:
            if byte == Byte.hash || byte == UInt8(ascii: ";") {
                state = .comment
            } else if !isSpace {
                state = .key
                name = index..<(index + 1)
            }
        case .key:
            if isLineEnd {
                reading.report(.skippedLine, at: name.lowerBound)
                state = .beforeKey
            } else if byte == Byte.equals {
                state = .beforeValue
            } else if !isSpace {
                name = name.lowerBound..<(index + 1)
            }
        case .beforeValue:
            if isLineEnd {
                assign(into: &reading)
            } else if byte == Byte.apostrophe {
                state = .single
            } else if byte == Byte.quote {
                state = .double
            } else if byte == Byte.backslash {
                state = .escape
            } else if !isSpace {
                state = .value
                append(index)
            }
        case .value:
            if isLineEnd {
                assign(into: &reading)
            } else if byte == Byte.backslash {
                state = .escape
                trimmedCount = nil
            } else {
                if !isSpace { trimmedCount = nil } else if trimmedCount == nil { trimmedCount = value.count }
                append(index)
            }
        case .escape:
            state = .value
            if !isLineEnd { append(index) }
        case .single:
            if byte == Byte.apostrophe { state = .beforeValue } else { append(index) }
        case .double:
            if byte == Byte.quote {
                state = .beforeValue
            } else if byte == Byte.backslash {
                state = .doubleEscape
            } else {
                append(index)
            }
        case .doubleEscape:
            state = .double
            if byte == Byte.quote || byte == Byte.backslash || byte == Byte.backtick || byte == Byte.dollar {
                append(index)
            } else if byte != Byte.lineFeed {
                value.append(Byte.backslash)
                append(index)
            }
        case .comment:
            if isLineEnd { state = .beforeKey }
        }
    }

    private mutating func append(_ index: Int) { value.append(index..<(index + 1)) }

    private mutating func assign(into reading: inout DialectReading) {
        if state == .value, let trimmedCount { value.truncate(to: trimmedCount) }
        let isName =
            !text[name.lowerBound].isDigit && text[name].allSatisfy(\.isNameByte)
        if isName {
            reading.assign(value, from: text, to: text.slice(name), at: name.lowerBound)
        } else {
            reading.report(.skippedLine, at: name.lowerBound)
        }
        state = .beforeKey
        value = ValuePieces()
        trimmedCount = nil
    }
}
