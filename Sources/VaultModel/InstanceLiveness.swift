// SPDX-License-Identifier: Apache-2.0

/// What is known about whether an instance's process runs.
package enum InstanceLiveness: String, CaseIterable, Sendable {
    /// Nobody supervises it: it counts as running until something ends or replaces it.
    case assumed
    /// An engine says that its container runs, and will say when it ends.
    case running
    /// It was given its environment, and its supervisor has not said yet that it runs.
    case starting
    /// Its supervisor keeps a connection.
    case connected
    /// Its supervisor's connection is gone, and nobody said that the process ended.
    case lost
    /// It has ended.
    case ended

    /// Whether the process runs, as far as anybody can tell.
    package var isCertain: Bool {
        switch self {
        case .assumed, .running, .connected, .ended: true
        case .starting, .lost: false
        }
    }
}
