// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension KeyRing {
    /// Seals a value, the empty one too, together with its mask.
    ///
    /// Two records of the same value have nothing in common but their length, which tells that of the value.
    package func seal(
        _ value: borrowing SecretBytes,
        as context: RecordContext
    ) throws(SealingError) -> SealedRecord {
        try seal(value, with: Mask(of: value), as: context)
    }

    /// Does the same where the mask of the value is at hand.
    package func seal(
        _ value: borrowing SecretBytes,
        with mask: Mask,
        as context: RecordContext
    ) throws(SealingError) -> SealedRecord {
        guard value.count <= Self.maximumValueBytes else { throw .valueTooLong }
        try context.scope.checkSalt()
        let plaintext = Self.plaintext(of: value, mask: mask)
        let record = try plaintext.withBytes { plaintext throws(SealingError) in
            try RecordLayout.seal(
                plaintext,
                under: ownerKeys(of: context.scope, in: active).sealing,
                epoch: active.number,
                boundTo: context.binding
            )
        }
        return SealedRecord(bytes: record)
    }

    /// Opens a stored record.
    ///
    /// What is wrong with a record is found in this order: its form (``SealingError/malformedRecord``), its epoch, its
    /// owner's keys (``SealingError/wrongKey``), its content or what it is bound to (``SealingError/damagedRecord``).
    package func open(_ record: [UInt8], as context: RecordContext) throws(SealingError) -> OpenedRecord {
        guard let layout = RecordLayout(record) else { throw .malformedRecord }
        return try layout.open(
            under: sealingKey(of: layout, context.scope),
            boundTo: context.binding
        ) { plaintext throws(SealingError) in
            var reader = CanonicalReader(plaintext)
            guard let value = reader.prefixed(), let mask = reader.text(), reader.isAtEnd else {
                throw .malformedRecord
            }
            return OpenedRecord(value: SecretBytes(copying: value), mask: Mask(text: mask))
        }
    }

    /// Lays value and mask out, each behind its length, in memory that is wiped.
    private static func plaintext(of value: borrowing SecretBytes, mask: Mask) -> SecretBytes {
        let mask = Array(mask.text.utf8)
        return value.withBytes { value in
            SecretBytes(count: 4 + value.count + 4 + mask.count) { buffer in
                buffer.storeBytes(of: UInt32(value.count).bigEndian, as: UInt32.self)
                UnsafeMutableRawBufferPointer(rebasing: buffer[4...]).copyMemory(from: value)
                let offset = 4 + value.count
                buffer.storeBytes(of: UInt32(mask.count).bigEndian, toByteOffset: offset, as: UInt32.self)
                UnsafeMutableRawBufferPointer(rebasing: buffer[(offset + 4)...]).copyBytes(from: mask)
            }
        }
    }
}
