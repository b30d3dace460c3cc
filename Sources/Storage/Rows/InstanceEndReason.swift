// SPDX-License-Identifier: Apache-2.0

/// Why an instance ended.
package enum InstanceEndReason: String, CaseIterable, Sendable {
    /// A newer start of the same replica.
    case replaced
    /// More newer starts than the agent has replicas.
    case surplus
    /// Its agent was deleted, or its end was reported.
    case ended
}
