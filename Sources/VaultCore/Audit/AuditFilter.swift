// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
package import VaultModel

/// Which entries of a trail are wanted; what is nil does not matter.
package struct AuditFilter: Equatable, Sendable {
    /// Such as `entry.update`.
    package var action: String?
    /// The text in lists, such as `api_key:ID`, or its part before the colon.
    package var actor: String?
    /// The id or the name of something that the entry is about.
    package var subject: String?
    package var isAllowed: Bool?
    package var since: Timestamp?
    package var until: Timestamp?

    package init() {}

    func matches(_ record: AuditRecord) -> Bool {
        if let action, record.action.rawValue != action { return false }
        if let since, record.at < since { return false }
        if let until, record.at >= until { return false }
        if let isAllowed, (record.outcome == .allowed) != isAllowed { return false }
        if let actor {
            let label = record.actor.label
            guard label == actor || label.hasPrefix(actor + ":") else { return false }
        }
        if let subject {
            guard record.subjects.contains(where: { $0.id == subject || $0.name == subject }) else { return false }
        }
        return true
    }

    /// What stands in the entry about the look at the trail.
    var details: [AuditDetail] {
        var details: [AuditDetail] = []
        if let action { details.append(AuditDetail(key: "action", value: action)) }
        if let actor { details.append(AuditDetail(key: "actor", value: actor)) }
        if let subject { details.append(AuditDetail(key: "subject", value: subject)) }
        if let isAllowed { details.append(AuditDetail(key: "result", value: isAllowed ? "allowed" : "denied")) }
        return details
    }
}

/// Which chain is meant.
package enum AuditScope: String, CaseIterable, Sendable {
    /// The caller's workspace.
    case workspace
    /// What belongs to no workspace; for the machine's operator.
    case system
}

extension Act {
    /// The chain that a scope stands for; the system's is for the machine's operator only.
    func chain(_ scope: AuditScope) throws(VaultError) -> String {
        switch scope {
        case .workspace: return workspace.text
        case .system:
            guard case .localOperator = member.actor else {
                throw .invalidField("chain", reason: "the system's trail is for the operator of the machine")
            }
            return Trail.systemChain
        }
    }
}
