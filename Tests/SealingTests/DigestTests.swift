// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing

struct DigestTests {
    @Test func digestsAreSHA256() {
        // FIPS 180-4, the example of one block.
        let expected = [UInt8](hexadecimal: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(sha256(Array("abc".utf8)) == expected)
        for cut in 0...3 {
            #expect(sha256(Array("abc".utf8.prefix(cut)), Array("abc".utf8.dropFirst(cut))) == expected)
        }
    }

    static let pairs: [([UInt8], [UInt8], Bool)] = [
        ([], [], true), ([1, 2, 3], [1, 2, 3], true), ([1, 2, 3], [1, 2, 4], false), ([0, 2, 3], [1, 2, 3], false),
        ([1, 2], [1, 2, 3], false), ([], [0], false), ([0], [0, 0], false),
    ]

    @Test(arguments: pairs)
    func equalMeansEqual(left: [UInt8], right: [UInt8], expected: Bool) {
        #expect(constantTimeEqual(left, right) == expected)
    }
}
