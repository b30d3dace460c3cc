// SPDX-License-Identifier: Apache-2.0

/// Whether what was asked for was done.
package enum AuditOutcome: Hashable, Sendable {
    case allowed
    /// Refused; `reason` is a code, not a sentence.
    case denied(reason: String)
}
