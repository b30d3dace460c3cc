// SPDX-License-Identifier: Apache-2.0

/// Something a caller asks the vault to do; the word that stands in the audit trail.
package enum Action: String, CaseIterable, Sendable {
    case workspaceCreate = "workspace.create"
    case workspaceView = "workspace.view"
    case entryList = "entry.list"
    case entryCreate = "entry.create"
    case entryUpdate = "entry.update"
    case entryDelete = "entry.delete"
    case entryImport = "entry.import"
    case agentList = "agent.list"
    case agentCreate = "agent.create"
    case agentUpdate = "agent.update"
    case agentDelete = "agent.delete"
    case attach = "agent.attach"
    case detach = "agent.detach"
    case instanceList = "instance.list"
    case gatewayTokenRotate = "gateway_token.rotate"
    case sessionCreate = "session.create"
    case start = "agent.start"
    case tokenList = "api_key.list"
    case tokenCreate = "api_key.create"
    case tokenRevoke = "api_key.revoke"
    case auditView = "audit.view"
    case auditVerify = "audit.verify"
}
