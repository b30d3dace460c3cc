// SPDX-License-Identifier: Apache-2.0

/// What of a target's answer reaches the agent.
package enum AnswerPart: String, CaseIterable, Sendable {
    case full
    /// The status alone: no field of the target's, no body.
    case statusOnly = "status_only"
}
