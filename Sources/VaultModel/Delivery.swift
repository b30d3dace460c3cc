// SPDX-License-Identifier: Apache-2.0

/// How an attachment reaches its agent.
package enum Delivery: String, CaseIterable, Sendable {
    /// As an environment variable at start.
    case environment

    /// The byte that stands for the delivery in a row's authentication code.
    ///
    /// Never reused.
    package var code: UInt8 {
        switch self {
        case .environment: 1
        }
    }
}
