// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Testing

struct DigestTests {
    @Test func digestsAreSHA256() {
        // FIPS 180-4, the example of one block.
        let expected = [UInt8](hexadecimal: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(sha256(Array("abc".utf8)) == expected)
    }

    @Test(arguments: [0, 1, 63, 64, 400], [0, 32])
    func theDigestOfALinkIsThatOfItsCanonicalBytes(contentBytes: Int, digestBytes: Int) {
        let (content, digest) = ([UInt8](repeating: 7, count: contentBytes), [UInt8](repeating: 9, count: digestBytes))
        var bytes = CanonicalBytes()
        bytes.append(prefixed: "entries/v1")
        bytes.append(prefixed: digest)
        bytes.append(Int64(300))
        bytes.append(prefixed: content)
        #expect(sha256("entries/v1", after: digest, 300, content) == sha256(bytes.bytes))
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
