// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// What an operator may set about the vault as a whole.
package struct VaultSettings: Equatable, Sendable {
    /// How long entries of the audit trail are kept; nil keeps them for good.
    package var auditRetention: Duration?
    /// How long before an entry expires its reminders are given, longest first.
    package var reminders: [Duration] = [.seconds(7 * 86_400), .seconds(86_400)]

    /// Where the data lies, to tell how full that disk is.
    package var dataFolder: String?

    /// Where agents reach the proxy, such as `http://10.0.0.1:8750`, without a slash at the end; nil when nobody said.
    package var agentURL: String?

    /// Of workspaces that have none of their own; where it has limits only the operator gives others.
    package var plan = Plan.selfHosted

    package init() {}
}
