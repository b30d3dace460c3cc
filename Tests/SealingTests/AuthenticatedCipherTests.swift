// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import Testing

// The raw cipher is nothing that other targets may call.
@testable internal import Sealing

struct AuthenticatedCipherTests {
    struct Vector: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let key: HexadecimalBytes
        let nonce: HexadecimalBytes
        let associated: HexadecimalBytes
        let plaintext: HexadecimalBytes
        let ciphertext: HexadecimalBytes
        let tag: HexadecimalBytes

        var testDescription: String { name }
        var sealed: [UInt8] { ciphertext.bytes + tag.bytes }

        func open(
            _ sealed: [UInt8]? = nil,
            key: [UInt8]? = nil,
            nonce: [UInt8]? = nil,
            associated: [UInt8]? = nil
        ) throws -> [UInt8] {
            try AuthenticatedCipher.open(
                (sealed ?? self.sealed)[...],
                under: SymmetricKey(data: key ?? self.key.bytes),
                nonce: (nonce ?? self.nonce.bytes)[...],
                authenticating: associated ?? self.associated.bytes
            ) { plaintext throws(SealingError) in [UInt8](plaintext) }
        }
    }

    static var vectors: [Vector] { get throws { try Vectors.load("aes-256-gcm") } }

    @Test(arguments: try vectors)
    func encryptionGivesTheKnownCiphertextAndTag(vector: Vector) throws {
        let sealed = try vector.plaintext.bytes.span.withUnsafeBytes { plaintext throws(SealingError) in
            try AuthenticatedCipher.seal(
                plaintext,
                under: SymmetricKey(data: vector.key.bytes),
                nonce: vector.nonce.bytes,
                authenticating: vector.associated.bytes
            )
        }
        #expect(sealed == vector.sealed)
    }

    @Test(arguments: try vectors)
    func decryptionGivesTheKnownPlaintext(vector: Vector) throws {
        #expect(try vector.open() == vector.plaintext.bytes)
    }

    @Test(arguments: try vectors, 0..<8 * AuthenticatedCipher.tagBytes)
    func aTagWithOneOtherBitIsRefused(vector: Vector, bit: Int) {
        let changed = vector.sealed.flippingBit(8 * vector.ciphertext.bytes.count + bit)
        #expect(throws: SealingError.damagedRecord) { try vector.open(changed) }
    }

    @Test(arguments: try vectors.filter { !$0.ciphertext.bytes.isEmpty }, [0, 7, 64, 127])
    func aCiphertextWithOneOtherBitIsRefused(vector: Vector, bit: Int) {
        #expect(throws: SealingError.damagedRecord) { try vector.open(vector.sealed.flippingBit(bit)) }
    }

    @Test(arguments: try vectors, 0..<8 * AuthenticatedCipher.nonceBytes)
    func anotherNonceIsRefused(vector: Vector, bit: Int) {
        #expect(throws: SealingError.damagedRecord) { try vector.open(nonce: vector.nonce.bytes.flippingBit(bit)) }
    }

    @Test(arguments: try vectors)
    func otherAssociatedDataIsRefused(vector: Vector) {
        #expect(throws: SealingError.damagedRecord) { try vector.open(associated: vector.associated.bytes + [0]) }
    }

    @Test(arguments: try vectors, [0, 255])
    func anotherKeyIsRefused(vector: Vector, bit: Int) {
        #expect(throws: SealingError.damagedRecord) { try vector.open(key: vector.key.bytes.flippingBit(bit)) }
    }

    @Test(arguments: try vectors)
    func aTagThatIsCutOffIsRefused(vector: Vector) {
        #expect(throws: SealingError.damagedRecord) { try vector.open(vector.sealed.dropLast()) }
    }
}
