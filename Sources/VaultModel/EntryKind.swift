// SPDX-License-Identifier: Apache-2.0

/// What an entry is, and with it whether its value may ever be shown again.
package enum EntryKind: String, CaseIterable, Sendable {
    /// Configuration: stored readable, its value is in listings.
    case variable
    /// A sealed value that no interface returns after it was written.
    case secret
    /// A sealed value that also knows how it is presented to an HTTP API and to which hosts it may go.
    case credential

    /// The kinds that are a name and a value and nothing more.
    package static let plain: [EntryKind] = [.variable, .secret]

    /// The byte that stands for the kind in a sealed record's associated data.
    ///
    /// Never reused.
    package var code: UInt8 {
        switch self {
        case .variable: 1
        case .secret: 2
        case .credential: 3
        }
    }
}
