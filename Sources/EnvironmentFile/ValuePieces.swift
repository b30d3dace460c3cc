// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What a value is put together from: parts of a text, single bytes, values that are given elsewhere.
///
/// Nothing is copied until the whole is known, and then once, into wiped memory.
struct ValuePieces {
    private enum Piece {
        case part(Range<Int>)
        case byte(UInt8)
        case value(SharedSecret)
    }

    private var pieces: [Piece] = []
    private(set) var count = 0

    init() {}

    init(_ range: Range<Int>) { append(range) }

    /// Whether a value of that many bytes could not be handed to a process under any name.
    var isTooLong: Bool { count > EnvironmentValue.maximumStringBytes }

    mutating func append(_ range: Range<Int>) {
        guard !range.isEmpty else { return }
        count += range.count
        if case .part(let last) = pieces.last, last.upperBound == range.lowerBound {
            pieces[pieces.count - 1] = .part(last.lowerBound..<range.upperBound)
        } else {
            pieces.append(.part(range))
        }
    }

    mutating func append(_ byte: UInt8) {
        count += 1
        pieces.append(.byte(byte))
    }

    mutating func append(_ value: SharedSecret) {
        count += value.bytes.count
        pieces.append(.value(value))
    }

    mutating func append(_ others: ValuePieces) {
        for piece in others.pieces {
            switch piece {
            case .part(let range): append(range)
            case .byte(let byte): append(byte)
            case .value(let value): append(value)
            }
        }
    }

    /// Drops what stands after the first `count` bytes; the end must be made of parts and bytes.
    mutating func truncate(to count: Int) {
        while self.count > count, let last = pieces.popLast() {
            switch last {
            case .part(let range):
                let kept = max(0, range.count - (self.count - count))
                self.count -= range.count
                append(range.lowerBound..<(range.lowerBound + kept))
            case .byte: self.count -= 1
            case .value(let value): self.count -= value.bytes.count
            }
        }
    }

    /// The value, with parts taken from `text`.
    func value(from text: UnsafeRawBufferPointer) -> SecretBytes {
        SecretBytes(count: count) { buffer in
            var offset = 0
            for piece in pieces {
                switch piece {
                case .part(let range):
                    let target = UnsafeMutableRawBufferPointer(rebasing: buffer[offset...])
                    target.copyMemory(from: UnsafeRawBufferPointer(rebasing: text[range]))
                    offset += range.count
                case .byte(let byte):
                    buffer[offset] = byte
                    offset += 1
                case .value(let value):
                    let target = UnsafeMutableRawBufferPointer(rebasing: buffer[offset...])
                    value.bytes.withBytes { target.copyMemory(from: $0) }
                    offset += value.bytes.count
                }
            }
        }
    }
}
