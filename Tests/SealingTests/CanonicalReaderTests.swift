// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing

struct CanonicalReaderTests {
    private func reading<R>(_ bytes: [UInt8], _ body: (inout CanonicalReader) -> R) -> R {
        bytes.withUnsafeBytes { bytes in
            var reader = CanonicalReader(bytes)
            return body(&reader)
        }
    }

    @Test func whatWasWrittenIsRead() {
        var bytes = CanonicalBytes()
        bytes.append(byte: 7)
        bytes.append(Int64(-2))
        bytes.append(prefixed: "text")
        bytes.append(prefixed: [UInt8]())
        bytes.append(fixed: [1, 2])
        reading(bytes.bytes) { reader in
            #expect(reader.integer(UInt8.self) == 7)
            #expect(reader.integer(Int64.self) == -2)
            #expect(reader.text() == "text")
            #expect(reader.prefixed()?.isEmpty == true)
            #expect(!reader.isAtEnd)
            #expect(reader.fixed(2).map(Array.init) == [1, 2])
            #expect(reader.isAtEnd)
            #expect(reader.integer(UInt8.self) == nil)
        }
    }

    static let cutOff: [[UInt8]] = [
        [], [0], [0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 2, 65], [0xFF, 0xFF, 0xFF, 0xFF, 65],
    ]

    @Test(arguments: cutOff)
    func aLengthBeyondTheEndReadsNothing(bytes: [UInt8]) {
        #expect(reading(bytes) { $0.prefixed() == nil })
        #expect(reading(bytes) { $0.text() == nil })
    }

    @Test func bytesThatAreNoTextAreNotReadAsText() {
        #expect(reading([0, 0, 0, 1, 0xFF]) { $0.text() == nil })
        #expect(reading([1, 2]) { $0.fixed(-1) == nil })
    }
}
