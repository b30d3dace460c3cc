// SPDX-License-Identifier: Apache-2.0

/// How an attachment reaches its agent.
package enum Delivery: String, CaseIterable, Sendable {
    /// As an environment variable at start.
    case environment
    /// Through the proxy, which puts it into the request: the agent holds a token instead.
    case proxy

    /// The byte that stands for the delivery in a row's authentication code.
    ///
    /// Never reused.
    package var code: UInt8 {
        switch self {
        case .environment: 1
        case .proxy: 2
        }
    }
}
