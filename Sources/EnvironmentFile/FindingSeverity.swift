// SPDX-License-Identifier: Apache-2.0

/// How much a finding matters, gravest first.
package enum FindingSeverity: String, CaseIterable, Sendable {
    /// Nothing is imported.
    case error
    /// Another common reader gives another value.
    case ambiguous
    /// The value is clear, but probably not what was meant, or dangerous.
    case risk
    /// Worth knowing; a strict reading takes it too.
    case info

    /// The place in the order of gravity, 0 first.
    package var rank: Int {
        switch self {
        case .error: 0
        case .ambiguous: 1
        case .risk: 2
        case .info: 3
        }
    }
}
