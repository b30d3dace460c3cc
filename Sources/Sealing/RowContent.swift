// SPDX-License-Identifier: Apache-2.0

/// What a row's code vouches for: the table's label and its fields, in one order.
///
/// Injective: other labels, fields, kinds of fields or absences give other bytes. The order and the meaning of the
/// fields are part of the stored format; they change together with the label.
package struct RowContent: Hashable, Sendable {
    private enum FieldKind: UInt8 {
        case absent = 0
        case text = 1
        case integer = 2
        case bytes = 3
    }

    private var content: CanonicalBytes

    var bytes: [UInt8] { content.bytes }

    package init(_ table: String) {
        content = CanonicalBytes(reserving: 256)
        content.append(prefixed: table)
    }

    package consuming func adding(_ text: String) -> RowContent {
        content.append(byte: FieldKind.text.rawValue)
        content.append(prefixed: text)
        return self
    }

    package consuming func adding(_ integer: Int64) -> RowContent {
        content.append(byte: FieldKind.integer.rawValue)
        content.append(integer)
        return self
    }

    package consuming func adding(_ bytes: [UInt8]) -> RowContent {
        content.append(byte: FieldKind.bytes.rawValue)
        content.append(prefixed: bytes)
        return self
    }

    /// Gives piece by piece what the row is with one more field, which is not copied.
    func pieces(adding last: [UInt8], _ take: (UnsafeRawBufferPointer) -> Void) {
        content.bytes.withUnsafeBytes(take)
        withUnsafeBytes(of: FieldKind.bytes.rawValue, take)
        withUnsafeBytes(of: UInt32(last.count).bigEndian, take)
        last.withUnsafeBytes(take)
    }

    package consuming func adding(optional text: String?) -> RowContent {
        guard let text else { return addingNothing() }
        return adding(text)
    }

    package consuming func adding(optional integer: Int64?) -> RowContent {
        guard let integer else { return addingNothing() }
        return adding(integer)
    }

    package consuming func adding(optional bytes: [UInt8]?) -> RowContent {
        guard let bytes else { return addingNothing() }
        return adding(bytes)
    }

    private consuming func addingNothing() -> RowContent {
        content.append(byte: FieldKind.absent.rawValue)
        return self
    }
}
