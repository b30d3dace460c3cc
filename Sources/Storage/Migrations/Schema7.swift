// SPDX-License-Identifier: Apache-2.0

/// Proxy tokens: the credential that one opens.
enum Schema7 {
    static let statements = ["ALTER TABLE tokens ADD COLUMN entry_id TEXT"]
}
