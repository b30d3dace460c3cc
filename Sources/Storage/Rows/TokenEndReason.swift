// SPDX-License-Identifier: Apache-2.0

/// Why a token ended.
package enum TokenEndReason: String, CaseIterable, Sendable {
    case rotated
    case revoked
}
