// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// A body of the API, by its name in the description.
package enum Component: String, CaseIterable, Sendable {
    case acceptInvitation = "AcceptInvitation"
    case account = "Account"
    case addMasterKey = "AddMasterKey"
    case agent = "Agent"
    case agentPage = "AgentPage"
    case agentProvider = "AgentProvider"
    case apiKey = "APIKey"
    case apiKeyList = "APIKeyList"
    case attach = "Attach"
    case attachCredential = "AttachCredential"
    case attachProvider = "AttachProvider"
    case attached = "Attached"
    case attachedCredential = "AttachedCredential"
    case attachedProvider = "AttachedProvider"
    case attachedSecret = "AttachedSecret"
    case attachedSecretList = "AttachedSecretList"
    case auditCheckpoint = "AuditCheckpoint"
    case auditCheckpointPage = "AuditCheckpointPage"
    case auditEntry = "AuditEntry"
    case auditExportLine = "AuditExportLine"
    case auditPage = "AuditPage"
    case auditSubject = "AuditSubject"
    case auditVerification = "AuditVerification"
    case backup = "Backup"
    case backupFailure = "BackupFailure"
    case backupInProgress = "BackupInProgress"
    case backupList = "BackupList"
    case bulkDone = "BulkDone"
    case bulkSecrets = "BulkSecrets"
    case conflict = "Conflict"
    case container = "Container"
    case containerList = "ContainerList"
    case createAgent = "CreateAgent"
    case createAPIKey = "CreateAPIKey"
    case createCredential = "CreateCredential"
    case createInvitation = "CreateInvitation"
    case createSecret = "CreateSecret"
    case createUser = "CreateUser"
    case createWorkspace = "CreateWorkspace"
    case credential = "Credential"
    case credentialOrder = "CredentialOrder"
    case credentialPage = "CredentialPage"
    case credentialTest = "CredentialTest"
    case epoch = "Epoch"
    case error = "Error"
    case deletedUser = "DeletedUser"
    case expiring = "Expiring"
    case finding = "Finding"
    case health = "Health"
    case importBundle = "ImportBundle"
    case importChoice = "ImportChoice"
    case importChoices = "ImportChoices"
    case importEntry = "ImportEntry"
    case importPlan = "Import"
    case instance = "Instance"
    case instancePage = "InstancePage"
    case invitation = "Invitation"
    case invitationList = "InvitationList"
    case keys = "Keys"
    case leftWorkspace = "LeftWorkspace"
    case limits = "Limits"
    case loggedIn = "LoggedIn"
    case login = "Login"
    case masterKey = "MasterKey"
    case member = "Member"
    case memberList = "MemberList"
    case moveCredential = "MoveCredential"
    case named = "Named"
    case provider = "Provider"
    case providerList = "ProviderList"
    case proxyToken = "ProxyToken"
    case rankedCredential = "RankedCredential"
    case receiptItem = "ReceiptItem"
    case registerContainer = "RegisterContainer"
    case removedMember = "RemovedMember"
    case restart = "Restart"
    case restartedInstance = "RestartedInstance"
    case rotatedAPIKey = "RotatedAPIKey"
    case rotatedGatewayToken = "RotatedGatewayToken"
    case rotatedProxyToken = "RotatedProxyToken"
    case rotateGatewayToken = "RotateGatewayToken"
    case rotateKeys = "RotateKeys"
    case rotation = "Rotation"
    case secret = "Secret"
    case secretPage = "SecretPage"
    case secretVersion = "SecretVersion"
    case secretVersionPage = "SecretVersionPage"
    case server = "Server"
    case session = "Session"
    case shredUser = "ShredUser"
    case shredded = "Shredded"
    case skippedFile = "SkippedFile"
    case updateAccount = "UpdateAccount"
    case updateAgent = "UpdateAgent"
    case updateCredential = "UpdateCredential"
    case updateMember = "UpdateMember"
    case updateSecret = "UpdateSecret"
    case updateUser = "UpdateUser"
    case updateWorkspace = "UpdateWorkspace"
    case usage = "Usage"
    case user = "User"
    case userList = "UserList"
    case verification = "Verification"
    case verifyAudit = "VerifyAudit"
    case workspace = "Workspace"
    case workspaceList = "WorkspaceList"
    case workspaceStatus = "WorkspaceStatus"
    case workspaceUsage = "WorkspaceUsage"

    package var schema: Schema {
        switch self {
        case .addMasterKey:
            .request(.required("key", .string(length: 32...64, "64 hexadecimal digits, as in a key's file.")))
        case .agent: Self.agentSchema
        case .agentPage:
            .answer(
                .required("agents", .array(of: .reference(.agent))),
                .optional("nextCursor", .nextCursor)
            )
        case .apiKey: Self.apiKeySchema
        case .apiKeyList: .answer(.required("apiKeys", .array(of: .reference(.apiKey))))
        case .attach:
            .request(.required("secretIds", .array(of: .nameOrID("An id or a name."), count: 1...500)))
        case .agentProvider: Self.agentProviderSchema
        case .attachCredential: Self.attachCredentialSchema
        case .attachProvider: .request(.required("provider", .provider))
        case .attachedCredential: Self.attachedCredentialSchema
        case .attachedProvider: Self.attachedProviderSchema
        case .moveCredential:
            .request(.required("direction", .oneOf(MoveCredentialBody.Direction.allCases.map(\.rawValue))))
        case .provider: Self.providerSchema
        case .providerList: .answer(.required("providers", .array(of: .reference(.provider))))
        case .proxyToken: Self.proxyTokenSchema
        case .rankedCredential: Self.rankedCredentialSchema
        case .credentialOrder:
            .answer(
                .required("provider", .provider),
                .required("credentials", .array(of: .reference(.rankedCredential), "The preferred one first."))
            )
        case .credentialTest: Self.credentialTestSchema
        case .rotatedProxyToken: Self.rotatedProxyTokenSchema
        case .attached:
            .answer(
                .required("success", .boolean()),
                .required("attached", .array(of: .reference(.named)))
            )
        case .attachedSecret: Self.attachedSecretSchema
        case .attachedSecretList: .answer(.required("secrets", .array(of: .reference(.attachedSecret))))
        case .auditEntry: Self.auditEntrySchema
        case .auditPage:
            .answer(
                .required("entries", .array(of: .reference(.auditEntry))),
                .optional("nextCursor", .nextCursor)
            )
        case .auditSubject:
            .answer(
                .required("kind", .string()),
                .required("id", .string()),
                .optional("name", .string()),
                .optional("version", .version)
            )
        case .auditCheckpoint: Self.auditCheckpointSchema
        case .auditCheckpointPage:
            .answer(
                .required("checkpoints", .array(of: .reference(.auditCheckpoint))),
                .optional("nextCursor", .nextCursor)
            )
        case .auditExportLine: Self.auditExportLineSchema
        case .auditVerification: Self.auditVerificationSchema
        case .verifyAudit:
            .request(
                .optional(
                    "anchors",
                    .array(of: .string(length: 1...1_024, "A checkpoint: `atc1.…`."), count: 0...1_000)
                )
            )
        case .backup: Self.backupSchema
        case .backupFailure: Self.backupFailureSchema
        case .backupInProgress: Self.backupInProgressSchema
        case .backupList:
            .answer(
                .required("folder", .string()),
                .required("backups", .array(of: .reference(.backup))),
                .optional("running", .reference(.backupInProgress)),
                .optional("lastFailure", .reference(.backupFailure))
            )
        case .bulkDone: .answer(.required("secrets", .array(of: .reference(.named))))
        case .bulkSecrets:
            .request(
                .required("secretIds", .array(of: .nameOrID("An id or a name, each once."), count: 1...500)),
                .required("action", .oneOf(BulkSecretsBody.Act.allCases.map(\.rawValue))),
                .optional("provider", .provider),
                .optional("note", .note),
                .optional("expiresAt", .time),
                .optional(
                    "agents",
                    .array(of: .nameOrID("An id or a name, each once."), count: 1...100)
                ),
                .optional("names", .array(of: .environmentName, count: 1...500))
            )
        case .expiring:
            .answer(
                .required("id", .identifier),
                .required("name", .environmentName),
                .required("expiresAt", .timestamp),
                .required("expiry", Self.expiry)
            )
        case .secretVersion:
            .answer(
                .required("version", .version),
                .required("createdAt", .timestamp),
                .required("createdBy", .reference(.named)),
                .optional("destroyedAt", .timestamp)
            )
        case .secretVersionPage:
            .answer(
                .required("versions", .array(of: .reference(.secretVersion))),
                .optional("nextCursor", .nextCursor)
            )
        case .conflict:
            .answer(
                .required("code", .oneOf(ErrorCode.allCases.map(\.rawValue))),
                .required("name", .string()),
                .optional("with", .string("The name of the entry, agent or bundle that is in the way.")),
                .optional("agent", .string("The agent that would break the rule."))
            )
        case .container:
            .answer(
                .required("id", .string("The engine's id of it.")),
                .required("agentId", .identifier),
                .required("agent", .string("The agent's name.")),
                .required("pid", .count("Its first process, as the machine numbers it.")),
                .required("registeredAt", .timestamp)
            )
        case .containerList: .answer(.required("containers", .array(of: .reference(.container))))
        case .registerContainer:
            .request(
                .required("agent", .nameOrID("The agent's id or name.")),
                .required(
                    "pid",
                    .integer(1...Int(Int32.max), "The container's first process, in a group that names it.")
                )
            )
        case .createAgent:
            .request(
                .required("name", .displayName),
                .optional("replicas", Self.replicas),
                .optional("allowedNames", Self.allowedNames),
                .optional("secretIds", .array(of: .nameOrID("An id or a name."), count: 0...500)),
                .optional("credentialIds", .array(of: .nameOrID("An id or a name."), count: 0...500)),
                .optional("providers", .array(of: .provider, count: 0...100))
            )
        case .createAPIKey:
            .request(
                .required("name", .displayName),
                .optional("role", .role),
                .optional("expiresAt", .time),
                .optional("networks", Self.networks)
            )
        case .createCredential: Self.createCredentialSchema
        case .credential: Self.credentialSchema
        case .credentialPage:
            .answer(
                .required("credentials", .array(of: .reference(.credential))),
                .optional("nextCursor", .nextCursor)
            )
        case .updateCredential: Self.updateCredentialSchema
        case .createSecret:
            .request(
                .required("name", .environmentName),
                .required("kind", .entryKind),
                .required("value", .value),
                .optional("provider", .provider),
                .optional("note", .note),
                .optional("expiresAt", .time)
            )
        case .epoch: Self.epochSchema
        case .error: Self.errorSchema
        case .finding:
            .answer(
                .optional("file", .string("The bundle, or the member of an archive, that is meant.")),
                .required("line", .count("The first line is 1; 0 where the whole file is meant.")),
                .required("column", .count("The first column is 1.")),
                .required("code", .string()),
                .required("severity", .string()),
                .required("text", .string())
            )
        case .health: .answer(.required("status", .string()))
        case .importBundle:
            .answer(
                .required("name", .string("The file's name, or its path inside an archive.")),
                .required("entries", .count("How many names it has."))
            )
        case .importChoice: Self.importChoiceSchema
        case .importChoices:
            .request(.required("choices", .array(of: .reference(.importChoice), count: 0...2_000)))
        case .importEntry: Self.importEntrySchema
        case .importPlan: Self.importSchema
        case .instance: Self.instanceSchema
        case .instancePage:
            .answer(
                .required("instances", .array(of: .reference(.instance))),
                .optional("nextCursor", .nextCursor)
            )
        case .keys: Self.keysSchema
        case .masterKey: Self.masterKeySchema
        case .named:
            .answer(
                .required("id", .string()),
                .required("name", .string())
            )
        case .receiptItem:
            .answer(
                .required("secretId", .identifier),
                .required("name", .string()),
                .required("version", .version)
            )
        case .restart: Self.restartSchema
        case .restartedInstance: Self.restartedInstanceSchema
        case .rotateGatewayToken:
            .request(
                .optional("revoke", .boolean("Ends the old token now instead of after the grace.")),
                .optional(
                    "graceSeconds",
                    .integer(0...604_800, "How long the old token keeps working, unless the new one is used first.")
                )
            )
        case .rotatedGatewayToken:
            .answer(
                .required("gatewayToken", .token("gwt_", "Never shown again.")),
                .optional("previousExpiresAt", .timestamp)
            )
        case .rotateKeys: Self.rotateKeysSchema
        case .rotation: Self.rotationSchema
        case .secret: Self.secretSchema
        case .secretPage:
            .answer(
                .required("secrets", .array(of: .reference(.secret))),
                .optional("nextCursor", .nextCursor)
            )
        case .server: Self.serverSchema
        case .session:
            .answer(
                .required("gatewayToken", .token("gwt_", "Never shown again.")),
                .required("expiresAt", .timestamp)
            )
        case .shredUser: .request(.required("user", .nameOrID("The user's id, address or name.")))
        case .shredded: Self.shreddedSchema
        case .skippedFile:
            .answer(
                .required("path", .string()),
                .required("reason", .string("`template`, `keys`, `resource_fork` or `other`."))
            )
        case .updateAgent:
            .request(
                .optional("name", .displayName),
                .optional("replicas", Self.replicas),
                .optional("allowedNames", Self.allowedNames)
            )
        case .updateSecret:
            .request(
                .optional("name", .environmentName),
                .optional("kind", .entryKind),
                .optional("value", .value),
                .optional("provider", .provider),
                .optional("note", .note),
                .optional("expiresAt", .time)
            )
        case .verification: Self.verificationSchema
        case .rotatedAPIKey:
            .answer(
                .required("apiKey", .reference(.apiKey)),
                .optional("previousExpiresAt", .timestamp)
            )
        case .workspaceStatus: Self.workspaceStatusSchema
        case .workspaceUsage: Self.workspaceUsageSchema
        case .usage: Self.usageSchema
        case .limits: Self.limitsSchema
        case .acceptInvitation, .account, .createInvitation, .createUser, .createWorkspace, .invitation,
            .invitationList,
            .deletedUser, .leftWorkspace, .loggedIn, .login, .member, .memberList, .removedMember, .updateAccount,
            .updateMember, .updateUser,
            .updateWorkspace, .user, .userList, .workspace, .workspaceList:
            peopleSchema
        }
    }
}
