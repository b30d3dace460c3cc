// SPDX-License-Identifier: Apache-2.0

/// Under whose key a row's code is made.
package enum RowScope: Sendable {
    /// The owner of what the row gives access to.
    case owner(OwnerScope)
    /// Rows that no single owner vouches for: memberships, tokens.
    case system
}
