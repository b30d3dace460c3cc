// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import Testing

// Raw key derivation is nothing that other targets may call.
@testable internal import Sealing

struct KeyDerivationTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let ikm: HexadecimalBytes
        let salt: HexadecimalBytes
        let info: HexadecimalBytes
        let length: Int
        let prk: HexadecimalBytes
        let okm: HexadecimalBytes

        var testDescription: String { name }
    }

    @Test(arguments: try Vectors.load("hkdf-sha256", as: [Vector].self))
    func keysAreDerivedAsRFC5869Says(vector: Vector) {
        let extracted = KeyDerivation.extract(salt: vector.salt.bytes, from: SymmetricKey(data: vector.ikm.bytes))
        #expect(extracted == SymmetricKey(data: vector.prk.bytes))
        let expanded = KeyDerivation.expand(KeyedHash(extracted), info: vector.info.bytes, bytes: vector.length)
        #expect(expanded == SymmetricKey(data: vector.okm.bytes))
    }
}
