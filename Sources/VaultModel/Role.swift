// SPDX-License-Identifier: Apache-2.0

/// What a member may do in a workspace, weakest first.
package enum Role: String, CaseIterable, Comparable, Sendable {
    case member
    case admin
    case owner

    /// The byte that stands for the role in a row's authentication code.
    ///
    /// Never reused.
    package var code: UInt8 {
        switch self {
        case .member: 1
        case .admin: 2
        case .owner: 3
        }
    }

    package static func < (left: Self, right: Self) -> Bool { left.code < right.code }
}
