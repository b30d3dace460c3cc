// SPDX-License-Identifier: Apache-2.0

/// What a client can ask the server for; the raw value is the `operationId` of the description.
package enum Operation: String, CaseIterable, Sendable {
    case addMasterKey
    case attachSecrets
    case beginBackup
    case bulkSecrets
    case beginRotation
    case createAgent
    case createAuditCheckpoint
    case createAPIKey
    case createSecret
    case createSession
    case deleteAgent
    case deleteSecret
    case detachSecret
    case dropMasterKey
    case endInstance
    case exportAudit
    case getAgent
    case getDescription
    case getHealth
    case getKeys
    case getMetrics
    case getReadiness
    case getRestart
    case getSecret
    case getWorkspaceStatus
    case importSecrets
    case listAgents
    case listAPIKeys
    case listAttachedSecrets
    case listAuditCheckpoints
    case listAuditEntries
    case listBackups
    case listInstances
    case listSecrets
    case listSecretVersions
    case restartGateway
    case revokeAPIKey
    case rotateGatewayToken
    case shredUser
    case start
    case updateAgent
    case updateSecret
    case verifyAudit
    case verifyAuditAnchors
    case verifyVault
    case watchChanges
}
