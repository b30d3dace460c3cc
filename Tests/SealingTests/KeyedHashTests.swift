// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import Testing

// Raw codes are nothing that other targets may make.
@testable internal import Sealing

struct KeyedHashTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let key: HexadecimalBytes
        let data: HexadecimalBytes
        let code: HexadecimalBytes

        var testDescription: String { name }
    }

    @Test(arguments: try Vectors.load("hmac-sha256", as: [Vector].self))
    func codesAreMadeAsRFC4231Says(vector: Vector) {
        let hash = KeyedHash(SymmetricKey(data: vector.key.bytes))
        // Twice: the first code leaves the key as it was.
        for _ in 0..<2 { #expect(Array(hash.code(of: vector.data.bytes)) == vector.code.bytes) }
        #expect(hash.isCode(vector.code.bytes[...], of: vector.data.bytes))
    }

    @Test(arguments: [0, 1, 31, 32, 55, 56, 63, 64, 65, 128, 200])
    func codesAreThoseOfTheLibrary(bytes: Int) {
        for _ in 0..<8 {
            let key = SymmetricKey(data: Random.bytes(bytes))
            let content = Random.bytes(Int.random(in: 0...300))
            let code = Array(HMAC<SHA256>.authenticationCode(for: content, using: key))
            #expect(Array(KeyedHash(key).code(of: content)) == code)
            let cut = Int.random(in: 0...content.count)
            let pieces = content.withUnsafeBytes { content in
                KeyedHash(key).code(of: UnsafeRawBufferPointer(rebasing: content[..<cut]), and: Array(content[cut...]))
            }
            #expect(Array(pieces) == code)
        }
    }

    @Test func anyOtherCodeIsRefused() {
        let hash = KeyedHash(SymmetricKey(size: .bits256))
        let content = Random.bytes(100)
        let code = Array(hash.code(of: content))
        for bit in 0..<256 {
            var other = code
            other[bit / 8] ^= 1 << (bit % 8)
            #expect(!hash.isCode(other[...], of: content))
        }
        for other in [[], Array(code.dropLast()), code + [0], Array(code.reversed())] {
            #expect(!hash.isCode(other[...], of: content))
        }
        #expect(!hash.isCode(code[...], of: content + [0]))
        #expect(!KeyedHash(SymmetricKey(size: .bits256)).isCode(code[...], of: content))
    }
}
