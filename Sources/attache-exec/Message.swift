// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// One line for stderr, such as `"unknown flag \(flag)"`.
///
/// Made of fixed text, names and numbers. `@inline(never)`, here and in ``Text``, keeps the program small. Control characters in a name become `?`, so that a line stays a line.
struct Message: ExpressibleByStringInterpolation {
    struct StringInterpolation: StringInterpolationProtocol {
        var bytes: [UInt8] = []

        @inline(never)
        init(literalCapacity: Int, interpolationCount: Int) { bytes.reserveCapacity(literalCapacity + 64) }

        @inline(never)
        mutating func appendLiteral(_ literal: StaticString) { appendInterpolation(Text(stringLiteral: literal)) }

        @inline(never)
        mutating func appendInterpolation(_ text: Text) {
            for byte in text.bytes { bytes.append(byte < 0x20 || byte == 0x7F ? UInt8(ascii: "?") : byte) }
        }

        @inline(never)
        mutating func appendInterpolation(_ message: Message) { bytes.append(contentsOf: message.bytes) }

        @inline(never)
        mutating func appendInterpolation(_ number: Int) {
            if number >= 10 { appendInterpolation(number / 10) }
            bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
        }

        mutating func appendInterpolation(_ names: [Text]) {
            for (position, name) in names.enumerated() {
                if position > 0 { appendLiteral(", ") }
                appendInterpolation(name)
            }
        }
    }

    let bytes: [UInt8]

    init(stringInterpolation: StringInterpolation) { bytes = stringInterpolation.bytes }

    @inline(never)
    init(stringLiteral literal: StaticString) { bytes = Array(Text(stringLiteral: literal).bytes) }

    /// The text that errno(3) has.
    init(error: Int32) { self = "\(Text(cString: ckernel_exec_error_text(error)))" }

    /// Writes `attache-exec: …` and a newline to stderr, in one write where the kernel lets it.
    @inline(never)
    func print() {
        let line: Message = "attache-exec: \(self)"
        let terminated = line.bytes + [UInt8(ascii: "\n")]
        terminated.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { ckernel_exec_write(2, base, bytes.count) }
        }
    }
}
