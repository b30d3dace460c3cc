// SPDX-License-Identifier: Apache-2.0

/// Goes through the bytes of a file once and stops at each that may not be there.
struct CharacterScanner {
    struct Problem {
        let code: FindingCode
        let line: Int
        let column: Int
    }

    private let bytes: UnsafeRawBufferPointer
    private var index: Int
    private var line = 1
    private var lineStart: Int

    init(bytes: UnsafeRawBufferPointer, from start: Int) {
        self.bytes = bytes
        index = start
        lineStart = start
    }

    mutating func next() -> Problem? {
        while index < bytes.count {
            let start = index
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x20...0x7E, Byte.tab: continue
            case Byte.lineFeed:
                line += 1
                lineStart = index
            case Byte.carriageReturn:
                if index < bytes.count, bytes[index] == Byte.lineFeed { continue }
                return problem(.loneCarriageReturn, at: start)
            case 0: return problem(.nul, at: start)
            case 0x01...0x1F, 0x7F: return problem(.control, at: start)
            default:
                guard let length = sequenceLength(at: start) else { return problem(.invalidUTF8, at: start) }
                index = start + length
                // U+0080 to U+009F, the C1 controls.
                if byte == 0xC2, bytes[start + 1] < 0xA0 { return problem(.control, at: start) }
            }
        }
        return nil
    }

    private func problem(_ code: FindingCode, at position: Int) -> Problem {
        Problem(code: code, line: line, column: position - lineStart + 1)
    }

    /// The length of the well-formed sequence of more than one byte that begins at `start` (RFC 3629 §4).
    private func sequenceLength(at start: Int) -> Int? {
        func isTail(_ offset: Int, _ range: ClosedRange<UInt8> = 0x80...0xBF) -> Bool {
            start + offset < bytes.count && range.contains(bytes[start + offset])
        }
        switch bytes[start] {
        case 0xC2...0xDF: return isTail(1) ? 2 : nil
        case 0xE0: return isTail(1, 0xA0...0xBF) && isTail(2) ? 3 : nil
        case 0xED: return isTail(1, 0x80...0x9F) && isTail(2) ? 3 : nil
        case 0xE1...0xEF: return isTail(1) && isTail(2) ? 3 : nil
        case 0xF0: return isTail(1, 0x90...0xBF) && isTail(2) && isTail(3) ? 4 : nil
        case 0xF1...0xF3: return isTail(1) && isTail(2) && isTail(3) ? 4 : nil
        case 0xF4: return isTail(1, 0x80...0x8F) && isTail(2) && isTail(3) ? 4 : nil
        default: return nil
        }
    }
}
