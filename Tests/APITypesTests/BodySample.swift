// SPDX-License-Identifier: Apache-2.0

import APITypes
import Testing
import VaultModel

/// A body with everything that it can hold, and one with as little as it can hold.
struct BodySample: Sendable, CustomTestStringConvertible {
    let component: Component
    let full: any Encodable & Sendable
    let bare: any Encodable & Sendable

    var testDescription: String { component.rawValue }

    private init<Body: Encodable & Sendable>(_ component: Component, full: Body, bare: Body) {
        self.component = component
        self.full = full
        self.bare = bare
    }

    /// For a body that always holds the same members.
    private init<Body: Encodable & Sendable>(_ component: Component, _ body: Body) {
        self.init(component, full: body, bare: body)
    }

    private static let time = Timestamp(milliseconds: 0)
    private static let named = NamedBody(id: "id", name: "name")
    private static let text = SecretText(SharedSecret(copying: Array("x".utf8)))
    private static let server = ServerBody(version: "1", masterKeyId: "id", activeEpoch: 1, storage: "SQLite")

    private static var fullServer: ServerBody {
        var body = server
        body.time = time
        body.freeBytes = 1
        body.totalBytes = 2
        return body
    }

    private static let removedMember = RemovedMemberBody(
        id: "id",
        name: "n",
        entries: 1,
        heir: named,
        revokedKeys: [],
        agents: [],
        damaged: []
    )

    private static func invitation(isFull: Bool) -> InvitationBody {
        var body = InvitationBody(
            id: "id",
            email: "a@b",
            role: .member,
            invitedBy: named,
            createdAt: time,
            expiresAt: time,
            isExpired: false
        )
        guard isFull else { return body }
        body.token = "t"
        body.link = "https://vault.example/invitation#t"
        body.mailed = false
        body.mailProblem = "the mail server cannot be reached"
        return body
    }

    static let all = requests + secrets + agents + tokens + people + audit + keys + others

    private static let rotation = RotationBody(
        id: "id",
        kind: "user",
        phase: "done",
        epoch: 2,
        userId: "id",
        done: 1,
        total: 1,
        damaged: 0,
        startedAt: time,
        updatedAt: time,
        endedAt: time,
        rowsPerSecond: 1,
        secondsLeft: 0
    )
    private static let bareRotation = RotationBody(
        id: "id",
        kind: "epoch",
        phase: "adding",
        epoch: nil,
        userId: nil,
        done: 0,
        total: 1,
        damaged: 0,
        startedAt: time,
        updatedAt: time,
        endedAt: nil,
        rowsPerSecond: nil,
        secondsLeft: nil
    )

    private static let backup = BackupBody(name: "n", id: "id", createdAt: time, bytes: 1, masterKeyIds: ["k"])
    private static let backupInProgress = BackupInProgressBody(id: "id", phase: "copying", done: 1, total: 2)
    private static let backupFailure = BackupFailureBody(id: "id", at: time, text: "t")

    private static let container = ContainerBody(id: "c", agentId: "id", agent: "a", pid: 1, registeredAt: time)

    private static let keys = [
        BodySample(.backup, backup),
        BodySample(.backupFailure, backupFailure),
        BodySample(.backupInProgress, backupInProgress),
        BodySample(
            .backupList,
            full: BackupList(folder: "f", backups: [backup], running: backupInProgress, lastFailure: backupFailure),
            bare: BackupList(folder: "f", backups: [], running: nil, lastFailure: nil)
        ),
        BodySample(.addMasterKey, AddMasterKeyBody(key: text)),
        BodySample(.epoch, EpochBody(number: 1, state: "active")),
        BodySample(
            .keys,
            full: KeysBody(masterKeys: [], epochs: [], rotation: rotation),
            bare: KeysBody(masterKeys: [], epochs: [], rotation: nil)
        ),
        BodySample(
            .masterKey,
            full: MasterKeyBody(id: "id", wrappedAt: time, inKeyFile: true),
            bare: MasterKeyBody(id: "id", wrappedAt: time, inKeyFile: nil)
        ),
        BodySample(
            .rotateKeys,
            full: RotateKeysBody(kind: "user", user: "u"),
            bare: RotateKeysBody(kind: "epoch")
        ),
        BodySample(.rotation, full: rotation, bare: bareRotation),
        BodySample(.container, container),
        BodySample(.containerList, ContainerList(containers: [container])),
        BodySample(.registerContainer, RegisterContainerBody(agent: "a", pid: 1)),
        BodySample(.shredUser, ShredUserBody(user: "u")),
        BodySample(.shredded, ShreddedBody(userId: "id", entries: 1, sessions: 1, keys: 1)),
        BodySample(
            .verification,
            VerificationBody(
                intact: true,
                rows: 1,
                records: 1,
                chains: 1,
                auditEntries: 1,
                problems: [],
                milliseconds: 1
            )
        ),
    ]

    private static let requests = [
        BodySample(
            .createSecret,
            full: CreateSecretBody(
                name: "A",
                kind: .secret,
                value: text,
                provider: "p",
                note: "n",
                expiresAt: time
            ),
            bare: CreateSecretBody(name: "A", kind: .secret, value: text)
        ),
        BodySample(
            .updateSecret,
            full: UpdateSecretBody(
                name: "A",
                kind: .secret,
                value: text,
                provider: "p",
                note: "n",
                expiresAt: time
            ),
            bare: UpdateSecretBody()
        ),
        BodySample(
            .createAgent,
            full: CreateAgentBody(
                name: "a",
                replicas: 1,
                allowedNames: [],
                secretIds: [],
                credentialIds: [],
                providers: []
            ),
            bare: CreateAgentBody(name: "a")
        ),
        BodySample(
            .updateAgent,
            full: UpdateAgentBody(name: "a", replicas: 1, allowedNames: []),
            bare: UpdateAgentBody()
        ),
        BodySample(.attach, AttachBody(secretIds: ["A"])),
        BodySample(
            .attachCredential,
            full: AttachCredentialBody(credentialId: "A", delivery: .environment),
            bare: AttachCredentialBody(credentialId: "A")
        ),
        BodySample(
            .createCredential,
            full: CreateCredentialBody(
                name: "A",
                type: .customHeader,
                value: text,
                provider: "p",
                environmentName: "A",
                header: "h",
                prefix: "p",
                parameter: "p",
                hosts: ["h"],
                rotationPriority: 1,
                response: .statusOnly,
                note: "n",
                expiresAt: time
            ),
            bare: CreateCredentialBody(name: "A", value: text)
        ),
        BodySample(
            .updateCredential,
            full: UpdateCredentialBody(
                name: "A",
                value: text,
                hosts: [],
                rotationPriority: 1,
                response: .full,
                note: "n",
                expiresAt: time
            ),
            bare: UpdateCredentialBody()
        ),
        BodySample(.moveCredential, MoveCredentialBody(.up)),
        BodySample(.attachProvider, AttachProviderBody(provider: "p")),
        BodySample(
            .rotateGatewayToken,
            full: RotateGatewayTokenBody(revoke: true, graceSeconds: 1),
            bare: RotateGatewayTokenBody()
        ),
        BodySample(
            .createAPIKey,
            full: CreateAPIKeyBody(name: "k", role: .member, expiresAt: time, networks: ["::/0"]),
            bare: CreateAPIKeyBody(name: "k")
        ),
    ]

    private static func secret(isFull: Bool) -> SecretBody {
        var body = SecretBody(
            id: "id",
            name: "A",
            kind: .secret,
            version: 1,
            value: isFull ? "v" : nil,
            mask: isFull ? "***" : nil,
            provider: isFull ? "p" : nil,
            note: "",
            createdAt: time,
            updatedAt: time,
            expiresAt: isFull ? time : nil,
            agents: 0,
            intact: true
        )
        body.lastUsedAt = isFull ? time : nil
        body.expiry = isFull ? .expired : nil
        return body
    }

    private static let finding = FindingBody(line: 1, column: 1, code: "c", severity: "error", text: "t")

    private static func version(isFull: Bool) -> SecretVersionBody {
        SecretVersionBody(version: 1, createdAt: time, createdBy: named, destroyedAt: isFull ? time : nil)
    }

    private static func importEntry(isFull: Bool) -> ImportEntryBody {
        ImportEntryBody(
            bundle: isFull ? "b" : nil,
            line: 1,
            name: "A",
            originalName: isFull ? "B" : nil,
            kind: .secret,
            reason: "requested",
            action: .create,
            length: 1,
            mask: "***",
            provider: isFull ? "p" : nil,
            flags: [],
            id: isFull ? "id" : nil
        )
    }

    private static func credential(isFull: Bool) -> CredentialBody {
        CredentialBody(
            id: "id",
            name: "A",
            type: .apiKey,
            version: 1,
            mask: isFull ? "***" : nil,
            provider: isFull ? "p" : nil,
            environmentName: "A",
            header: isFull ? "h" : nil,
            prefix: isFull ? "p" : nil,
            parameter: isFull ? "p" : nil,
            hosts: [],
            response: isFull ? .statusOnly : nil,
            note: "",
            createdAt: time,
            updatedAt: time,
            expiresAt: isFull ? time : nil,
            revokedAt: isFull ? time : nil,
            agents: 0,
            intact: true
        )
    }

    private static func provider(isFull: Bool) -> ProviderBody {
        ProviderBody(
            id: "p",
            name: "P",
            category: .llm,
            connections: [.apiKey],
            type: .apiKey,
            header: isFull ? "h" : nil,
            keyPrefix: isFull ? "p" : nil,
            environmentName: "A",
            baseURLName: "A",
            baseURL: isFull ? "u" : nil,
            hosts: [],
            testable: true,
            keyPage: isFull ? "u" : nil
        )
    }

    private static let secrets = [
        BodySample(.credential, full: credential(isFull: true), bare: credential(isFull: false)),
        BodySample(.provider, full: provider(isFull: true), bare: provider(isFull: false)),
        BodySample(.providerList, ProviderList(providers: [])),
        BodySample(
            .credentialPage,
            full: CredentialPage(credentials: [], nextCursor: "c"),
            bare: CredentialPage(credentials: [], nextCursor: nil)
        ),
        BodySample(
            .attachedCredential,
            full: AttachedCredentialBody(agentId: "id", credentialId: "id", delivery: .proxy, proxyToken: "t"),
            bare: AttachedCredentialBody(agentId: "id", credentialId: "id", delivery: .environment)
        ),
        BodySample(
            .credentialTest,
            full: CredentialTestBody(.failed, status: 500, reason: "r"),
            bare: CredentialTestBody(.skipped)
        ),
        BodySample(
            .rotatedProxyToken,
            full: RotatedProxyTokenBody(
                proxyToken: "t",
                agentId: "i",
                credentialId: "i",
                provider: "p",
                previousExpiresAt: time
            ),
            bare: RotatedProxyTokenBody(proxyToken: "t", agentId: "i", previousExpiresAt: nil)
        ),
        BodySample(.attachedProvider, AttachedProviderBody(agentId: "i", provider: "p", proxyToken: "t")),
        BodySample(.agentProvider, AgentProviderBody(provider: "p", state: .synced, attachedAt: time)),
        BodySample(
            .proxyToken,
            full: ProxyTokenBody(credentialId: "i", provider: "p", proxyToken: "t"),
            bare: ProxyTokenBody(proxyToken: "t")
        ),
        BodySample(.rankedCredential, RankedCredentialBody(id: "i", name: "n", rotationPriority: 0)),
        BodySample(.credentialOrder, CredentialOrderBody(provider: "p", credentials: [])),
        BodySample(.secret, full: secret(isFull: true), bare: secret(isFull: false)),
        BodySample(
            .secretPage,
            full: SecretPage(secrets: [], nextCursor: "c"),
            bare: SecretPage(secrets: [], nextCursor: nil)
        ),
        BodySample(.bulkDone, BulkDoneBody(secrets: [])),
        BodySample(
            .bulkSecrets,
            full: BulkSecretsBody(
                .annotate,
                ["A"],
                provider: "p",
                note: "n",
                expiresAt: time,
                agents: ["b"],
                names: ["C"]
            ),
            bare: BulkSecretsBody(.delete, ["A"])
        ),
        BodySample(.expiring, ExpiringBody(id: "id", name: "A", expiresAt: time, expiry: .expired)),
        BodySample(.secretVersion, full: version(isFull: true), bare: version(isFull: false)),
        BodySample(
            .secretVersionPage,
            full: SecretVersionPage(versions: [], nextCursor: "c"),
            bare: SecretVersionPage(versions: [], nextCursor: nil)
        ),
        BodySample(.importEntry, full: importEntry(isFull: true), bare: importEntry(isFull: false)),
        BodySample(
            .importPlan,
            ImportBody(
                planId: "p",
                applied: true,
                entries: [],
                findings: [],
                unlistedFindings: 0,
                attachedTo: [],
                stale: []
            )
        ),
        BodySample(.importBundle, ImportBundleBody(name: "b", entries: 1)),
        BodySample(
            .importChoice,
            full: ImportChoice(bundle: "b", name: "A", skip: true, kind: .secret, rename: "B", onExisting: .update),
            bare: ImportChoice(name: "A")
        ),
        BodySample(.importChoices, ImportChoicesBody(choices: [])),
        BodySample(.skippedFile, SkippedFileBody(path: "p", reason: "other")),
        BodySample(
            .finding,
            full: FindingBody(file: "f", line: 1, column: 1, code: "c", severity: "error", text: "t"),
            bare: finding
        ),
    ]

    private static func agent(isFull: Bool) -> AgentBody {
        AgentBody(
            id: "id",
            name: "a",
            replicas: 1,
            allowedNames: [],
            createdAt: time,
            instances: 0,
            secrets: isFull ? [] : nil,
            providers: isFull ? [] : nil,
            requestsThisMonth: isFull ? 1 : nil,
            gatewayToken: isFull ? "t" : nil,
            proxyTokens: isFull ? [] : nil
        )
    }

    private static func attached(isFull: Bool) -> AttachedSecretBody {
        AttachedSecretBody(
            id: "id",
            name: "A",
            kind: .secret,
            version: 1,
            provider: isFull ? "p" : nil,
            delivery: .environment,
            state: .synced,
            attachedAt: isFull ? time : nil
        )
    }

    private static func instance(isFull: Bool) -> InstanceBody {
        InstanceBody(
            id: "id",
            replica: "one",
            startedAt: time,
            endedAt: isFull ? time : nil,
            endReason: isFull ? "ended" : nil,
            container: isFull ? "c" : nil,
            receipt: []
        )
    }

    private static func restart(isFull: Bool) -> RestartBody {
        RestartBody(
            agentId: "id",
            requestedAt: isFull ? time : nil,
            instances: isFull ? [RestartedInstanceBody(id: "id", replica: "one", state: .told)] : []
        )
    }

    private static let agents = [
        BodySample(.agent, full: agent(isFull: true), bare: agent(isFull: false)),
        BodySample(
            .agentPage,
            full: AgentPage(agents: [], nextCursor: "c"),
            bare: AgentPage(agents: [], nextCursor: nil)
        ),
        BodySample(.attached, AttachedBody(attached: [])),
        BodySample(.attachedSecret, full: attached(isFull: true), bare: attached(isFull: false)),
        BodySample(.attachedSecretList, AttachedSecretList(secrets: [])),
        BodySample(.restart, full: restart(isFull: true), bare: restart(isFull: false)),
        BodySample(.restartedInstance, RestartedInstanceBody(id: "id", replica: "one", state: .notSupervised)),
        BodySample(.instance, full: instance(isFull: true), bare: instance(isFull: false)),
        BodySample(
            .instancePage,
            full: InstancePage(instances: [], nextCursor: "c"),
            bare: InstancePage(instances: [], nextCursor: nil)
        ),
        BodySample(.receiptItem, ReceiptItemBody(secretId: "id", name: "A", version: 1)),
    ]

    private static func apiKey(isFull: Bool) -> APIKeyBody {
        let end = isFull ? time : nil
        return APIKeyBody(
            id: "id",
            name: "k",
            role: .owner,
            hint: "abcd",
            createdAt: time,
            expiresAt: end,
            revokedAt: end,
            lastUsedAt: end,
            networks: isFull ? ["::/0"] : nil,
            token: isFull ? "t" : nil
        )
    }

    private static let tokens = [
        BodySample(.apiKey, full: apiKey(isFull: true), bare: apiKey(isFull: false)),
        BodySample(.apiKeyList, APIKeyList(apiKeys: [])),
        BodySample(
            .rotatedGatewayToken,
            full: RotatedGatewayTokenBody(gatewayToken: "t", previousExpiresAt: time),
            bare: RotatedGatewayTokenBody(gatewayToken: "t", previousExpiresAt: nil)
        ),
        BodySample(.session, SessionBody(gatewayToken: "t", expiresAt: time)),
    ]

    private static func auditEntry(isFull: Bool) -> AuditEntryBody {
        AuditEntryBody(
            sequence: 1,
            at: time,
            actor: "server",
            action: "a",
            allowed: true,
            reason: isFull ? "role" : nil,
            subjects: [],
            details: [:],
            requestId: isFull ? "r" : nil,
            code: "00"
        )
    }

    private static let audit = [
        BodySample(.auditEntry, full: auditEntry(isFull: true), bare: auditEntry(isFull: false)),
        BodySample(
            .auditPage,
            full: AuditPage(entries: [], nextCursor: "c"),
            bare: AuditPage(entries: [], nextCursor: nil)
        ),
        BodySample(
            .auditSubject,
            full: AuditSubjectBody(kind: "k", id: "id", name: "n", version: 1),
            bare: AuditSubjectBody(kind: "k", id: "id", name: nil, version: nil)
        ),
        BodySample(
            .auditVerification,
            full: AuditVerificationBody(intact: false, entries: 1, problem: "p", head: "00"),
            bare: AuditVerificationBody(intact: true, entries: 0, problem: nil, head: nil)
        ),
        BodySample(.verifyAudit, full: VerifyAuditBody(anchors: []), bare: VerifyAuditBody()),
        BodySample(.auditCheckpoint, checkpoint),
        BodySample(
            .auditCheckpointPage,
            full: AuditCheckpointPage(checkpoints: [], nextCursor: "c"),
            bare: AuditCheckpointPage(checkpoints: [], nextCursor: nil)
        ),
        BodySample(.auditExportLine, full: exportLine, bare: AuditExportLine(.end, chain: "c")),
    ]

    private static let checkpoint = AuditCheckpointBody(
        chain: "c",
        sequence: 1,
        at: time,
        epoch: 1,
        publicKey: "00",
        text: "atc1."
    )

    private static var exportLine: AuditExportLine {
        var line = AuditExportLine(.entry, chain: "c")
        line.epoch = 1
        line.bytes = ""
        line.entry = auditEntry(isFull: true)
        line.checkpoint = "atc1."
        line.entries = 1
        return line
    }

    private static let user = UserBody(id: "id", name: "n", email: "a@b", createdAt: time)
    private static let workspace = WorkspaceBody(id: "id", name: "n", role: .owner, isPersonal: false, createdAt: time)

    private static let usage = WorkspaceUsageBody(
        id: "id",
        name: "n",
        plan: .free,
        usage: UsageBody(credentials: 1, agents: 2, requestsThisMonth: 3),
        limits: LimitsBody()
    )

    private static let people = [
        BodySample(
            .rotatedAPIKey,
            full: RotatedAPIKeyBody(apiKey: apiKey(isFull: false), previousExpiresAt: time),
            bare: RotatedAPIKeyBody(apiKey: apiKey(isFull: false), previousExpiresAt: nil)
        ),
        BodySample(.login, LoginBody(email: "a@b", password: text)),
        BodySample(.loggedIn, LoggedInBody(token: "t", expiresAt: time, user: user, workspaces: [])),
        BodySample(.user, full: user, bare: UserBody(id: "id", name: "n", createdAt: time)),
        BodySample(.userList, UserList(users: [])),
        BodySample(.account, AccountBody(user: user, workspaces: [])),
        BodySample(
            .updateAccount,
            full: UpdateAccountBody(name: "n", currentPassword: text, password: text),
            bare: UpdateAccountBody()
        ),
        BodySample(
            .createUser,
            full: CreateUserBody(email: "a@b", name: "n", password: text, isOperator: true),
            bare: CreateUserBody(email: "a@b", password: text)
        ),
        BodySample(.updateUser, UpdateUserBody(password: text)),
        BodySample(
            .workspace,
            full: WorkspaceBody(
                id: "id",
                name: "n",
                role: .owner,
                isPersonal: false,
                createdAt: time,
                plan: .pro,
                usage: usage.usage,
                limits: usage.limits,
                apiKey: APIKeyBody(
                    id: "id",
                    name: "n",
                    role: .owner,
                    hint: "h",
                    createdAt: time,
                    expiresAt: nil,
                    revokedAt: nil,
                    lastUsedAt: nil
                )
            ),
            bare: workspace
        ),
        BodySample(.workspaceList, WorkspaceList(workspaces: [])),
        BodySample(.workspaceUsage, usage),
        BodySample(.usage, usage.usage),
        BodySample(
            .limits,
            full: LimitsBody(credentials: 1, agents: 1, requestsPerMonth: 1),
            bare: LimitsBody()
        ),
        BodySample(.createWorkspace, CreateWorkspaceBody(name: "n")),
        BodySample(
            .updateWorkspace,
            full: UpdateWorkspaceBody(name: "n", plan: .free),
            bare: UpdateWorkspaceBody()
        ),
        BodySample(
            .member,
            full: MemberBody(id: "id", name: "n", email: "a@b", role: .member, joinedAt: time, entries: 1),
            bare: MemberBody(id: "id", name: "n", role: .member, joinedAt: time, entries: 1)
        ),
        BodySample(.memberList, MemberList(members: [])),
        BodySample(.updateMember, UpdateMemberBody(role: .admin)),
        BodySample(.removedMember, removedMember),
        BodySample(.leftWorkspace, LeftWorkspaceBody(workspace: named, removed: removedMember)),
        BodySample(
            .deletedUser,
            DeletedUserBody(
                id: "id",
                name: "n",
                sessions: 1,
                personalEntries: 1,
                workspaces: [LeftWorkspaceBody(workspace: named, removed: removedMember)],
                deletedWorkspaces: [named]
            )
        ),
        BodySample(
            .invitation,
            full: invitation(isFull: true),
            bare: invitation(isFull: false)
        ),
        BodySample(.invitationList, InvitationList(invitations: [])),
        BodySample(
            .createInvitation,
            full: CreateInvitationBody(email: "a@b", role: .admin),
            bare: CreateInvitationBody(email: "a@b")
        ),
        BodySample(
            .acceptInvitation,
            full: AcceptInvitationBody(token: text, name: "n", password: text),
            bare: AcceptInvitationBody(token: text, password: text)
        ),
    ]

    private static let others = [
        BodySample(
            .conflict,
            full: ConflictBody(code: .duplicateName, name: "A", with: "B", agent: "C"),
            bare: ConflictBody(code: .duplicateName, name: "A")
        ),
        BodySample(
            .error,
            full: ErrorBody(
                .busy,
                "e",
                hint: "h",
                field: "f",
                conflicts: [],
                agents: [],
                currentVersion: 1,
                findings: [],
                unlistedFindings: 1
            ),
            bare: ErrorBody(.busy, "e")
        ),
        BodySample(.health, HealthBody(status: "ok")),
        BodySample(.named, named),
        BodySample(.server, full: fullServer, bare: server),
        BodySample(
            .workspaceStatus,
            WorkspaceStatusBody(
                workspace: usage,
                role: .owner,
                secrets: 0,
                agents: 0,
                attachments: 0,
                liveInstances: 0,
                staleAgents: [],
                server: server
            )
        ),
    ]
}
