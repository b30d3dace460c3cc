// SPDX-License-Identifier: Apache-2.0

/// A request that may arrive twice and must act once: its `Idempotency-Key` and the bytes that it consists of.
package struct Once: Sendable {
    package let key: String
    /// Method, path and body; only a keyed digest of them is stored.
    package let request: [UInt8]

    package init(key: String, request: [UInt8]) {
        self.key = key
        self.request = request
    }
}
