// SPDX-License-Identifier: Apache-2.0

/// Numbers in the digits 0–9, A–Z, a–z, most significant digit first.
package enum Base62 {
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    package static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    /// Fills `output` with the digits of the number in `number`, which is divided down to zero on the way.
    package static func write(_ number: UnsafeMutableRawBufferPointer, to output: UnsafeMutableRawBufferPointer) {
        for position in output.indices.reversed() {
            var remainder: UInt16 = 0
            for index in number.indices {
                let dividend = remainder << 8 | UInt16(number[index])
                number[index] = UInt8(dividend / 62)
                remainder = dividend % 62
            }
            output[position] = digits[Int(remainder)]
        }
    }
}
