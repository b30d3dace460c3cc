// SPDX-License-Identifier: Apache-2.0

/// A value bound to a statement or read from a row: what SQLite and PostgreSQL share.
package enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    init(text: String?) { self = text.map(Self.text) ?? .null }

    init(integer: Int64?) { self = integer.map(Self.integer) ?? .null }

    init(blob: [UInt8]?) { self = blob.map(Self.blob) ?? .null }
}

extension SQLValue {
    /// Whether both are the same text, integer or NULL; bytes are not compared.
    func isSameScalar(as other: SQLValue) -> Bool {
        switch (self, other) {
        case (.text(let left), .text(let right)): left == right
        case (.integer(let left), .integer(let right)): left == right
        case (.null, .null): true
        default: false
        }
    }
}
