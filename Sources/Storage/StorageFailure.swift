// SPDX-License-Identifier: Apache-2.0

/// Why the store could not do what was asked.
///
/// Never carries a statement or a bound value: statements of the vault hold sealed values and digests.
package enum StorageFailure: Error, Hashable, Sendable {
    /// The database was held, or too many writes waited, for longer than a caller should wait. Try again.
    case busy
    /// No room on the disk. Goes away when there is, without a restart.
    case full
    /// The folder or the database cannot be written.
    case readOnly
    /// The database's file, or a row in it, is not what was written.
    case corrupt
    /// The store failed for good, is closed, or cannot be opened.
    case unavailable
    /// Another server uses the folder.
    case locked
    /// The schema is newer than this program.
    case newerSchema(found: Int64, known: Int64)
    /// A setting that durability or erasure rests on did not take; the name of the pragma.
    case unsafeSetting(String)
    /// A uniqueness, foreign-key or check rule would be broken.
    case constraint
}
