// SPDX-License-Identifier: Apache-2.0

/// Why an invitation ended before its time.
package enum InvitationEndReason: String, CaseIterable, Sendable {
    case accepted
    case cancelled
}
