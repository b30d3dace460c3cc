// SPDX-License-Identifier: Apache-2.0

internal import Sealing
package import VaultModel

/// A request that may arrive twice and must act once: its `Idempotency-Key` and the bytes that it consists of.
package struct Once: Sendable {
    package let key: String
    /// Method, path and body; only a keyed digest of them is stored.
    package let request: [UInt8]

    /// `files` are what the request has beside `request`: they may be large, so their digests stand for them.
    package init(key: String, request: [UInt8], files: [SharedSecret] = []) {
        self.key = key
        self.request = files.reduce(request) { $0 + $1.digest }
    }
}

extension SharedSecret {
    /// The SHA-256 of the bytes, for use under a key only: by itself it lets a value be guessed.
    var digest: [UInt8] { bytes.withBytes { sha256([UInt8]($0)) } }
}
