// SPDX-License-Identifier: Apache-2.0

/// What a workspace may hold and send: one table of limits.
package enum Plan: String, CaseIterable, Sendable {
    case free, starter, pro, scale, enterprise
    /// A server of one's own has no limits unless its operator says so.
    case selfHosted = "self_hosted"

    /// Nil is without a limit.
    package struct Limits: Equatable, Sendable {
        package var credentials: Int?
        package var agents: Int?
        /// Requests through the proxy in a calendar month, UTC.
        package var requestsPerMonth: Int?

        package var areNone: Bool { credentials == nil && agents == nil && requestsPerMonth == nil }
    }

    package var limits: Limits {
        switch self {
        case .free: Limits(credentials: 3, agents: 1, requestsPerMonth: 100)
        case .starter: Limits(credentials: 25, agents: 5, requestsPerMonth: 10_000)
        case .pro: Limits(credentials: 100, agents: 25, requestsPerMonth: 100_000)
        case .scale: Limits(credentials: 500, agents: 100, requestsPerMonth: 500_000)
        case .enterprise, .selfHosted: Limits()
        }
    }
}
