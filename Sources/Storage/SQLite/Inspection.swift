// SPDX-License-Identifier: Apache-2.0

/// What a data folder holds, as far as it can be read without a key.
package struct Inspection: Equatable, Sendable {
    /// 0 when the database has no schema yet.
    package let schemaVersion: Int64
    package let keyRings: [KeyRingRow]
    /// Whether nothing was ever kept there: neither a key ring nor a user, as after a first start that was cut short.
    package let isEmpty: Bool
}
