// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import VaultCore
internal import VaultModel

extension VaultError {
    /// The one place where an error of the vault becomes an answer.
    ///
    /// Other workspaces' ids and ids that never existed are the same 404.
    var body: ErrorBody {
        switch self {
        case .denied(let action):
            ErrorBody(.forbidden, "your role does not allow \(action.rawValue)")
        case .notFound(let subject):
            ErrorBody(.notFound, "no such \(subject.rawValue)")
        case .conflicts(let conflicts):
            ErrorBody(conflicts.first?.code ?? .duplicateName, Self.text(of: conflicts), conflicts: conflicts)
        case .stillAttached(let entry, let agents):
            ErrorBody(
                .stillAttached,
                "\(entry) is attached to \(agents.map(\.name).joined(separator: ", "))",
                hint: "detach it from every agent first",
                agents: agents
            )
        case .credentialExpired(let name):
            ErrorBody(.credentialExpired, "\(name) has expired", hint: "write a new value")
        case .noCredential(let provider):
            ErrorBody(
                .noCredential,
                "no key for provider \(provider)",
                hint: "attache credentials add NAME --provider \(provider)"
            )
        case .noProxyAddress(let name):
            ErrorBody(
                .proxyAddressMissing,
                "\(name) is attached by proxy, and nobody said where the agent reaches the proxy",
                hint: "start the server with --agent-url, or the agent with attache-exec --forward"
            )
        case .expired(let entries):
            ErrorBody(
                .entryExpired,
                "expired: \(entries.joined(separator: ", "))",
                hint: "give it a new value or a later time, or detach it",
                conflicts: entries.map { ConflictBody(code: .entryExpired, name: $0) }
            )
        case .kindIsFinal(let name):
            ErrorBody(
                .kindIsFinal,
                "\(name) is a secret and cannot become a variable: its value would be disclosed",
                hint: "create a variable of another name"
            )
        case .versionMismatch(let current):
            ErrorBody(
                .versionMismatch,
                "the entry is at version \(current)",
                hint: "read it again and repeat the change with that version",
                currentVersion: current
            )
        case .invalidName(let field, let reason): ErrorBody(.invalidName, reason, field: field)
        case .invalidValue(let field, let reason): ErrorBody(.invalidValue, reason, field: field)
        case .invalidField(let field, let reason): ErrorBody(.invalidField, reason, field: field)
        case .keyMismatch(let mismatch): mismatch.body
        case .invalidCursor:
            ErrorBody(.invalidCursor, "the cursor is not one that this list gave out", field: "cursor")
        case .invalidFile(let findings, let unlisted):
            ErrorBody(
                .invalidFile,
                "the file was not imported: see findings",
                findings: findings,
                unlistedFindings: unlisted
            )
        case .fileTooLarge(let limit):
            ErrorBody(.bodyTooLarge, "the file is larger than \(limit) bytes", hint: "split the file")
        case .importConflict(let conflicts):
            ErrorBody(
                .importConflict,
                Self.text(ofImport: conflicts),
                hint: Self.hint(forImport: conflicts),
                conflicts: conflicts
            )
        case .planChanged:
            ErrorBody(.planChanged, "the file or the vault changed since the plan was made", hint: "make a new plan")
        case .limitReached(let text): ErrorBody(.limitReached, text)
        case .planLimit(let text):
            ErrorBody(.planLimitReached, text, hint: "remove one, or choose another plan: attache workspaces plan")
        case .quotaReached(let most, _):
            ErrorBody(
                .quotaReached,
                "the workspace's plan allows \(most) requests a month",
                hint: "wait for the next month, or choose another plan: attache workspaces plan"
            )
        case .token(let problem): problem.body
        case .idempotencyKeyReused:
            ErrorBody(
                .idempotencyKeyReused,
                "the idempotency key came with another request before",
                hint: "use a new key for a new request"
            )
        case .integrity(.some(let entry)):
            ErrorBody(
                .integrityError,
                "the stored row of \(entry) is damaged or was changed from outside",
                hint: "write its value again, and look for the cause"
            )
        case .integrity(nil):
            ErrorBody(.integrityError, "a stored row is damaged or was changed from outside")
        case .keys(let problem): problem.body
        case .instanceEnded:
            ErrorBody(
                .instanceEnded,
                "a newer start took the place of this instance",
                hint: "give each replica a name of its own, and the agent as many replicas as run"
            )
        case .tooManyWaits:
            ErrorBody(.busy, "too many processes wait for changes", hint: "try again")
        case .waitEnded: ErrorBody(.shuttingDown, "the server is stopping", hint: "try again in a moment")
        case .addressNotAllowed:
            ErrorBody(
                .addressNotAllowed,
                "the key is not accepted from this network",
                hint: "use it from one of its networks, or make another key"
            )
        case .loginFailed: ErrorBody(.loginFailed, "the address and the password do not belong together")
        case .rateLimited(let seconds):
            ErrorBody(.rateLimited, "too many requests or attempts", hint: "try again in \(seconds) seconds")
        case .invitationNotValid:
            ErrorBody(
                .invitationNotValid,
                "the invitation is not valid, or not any more",
                hint: "ask who invited you for a new one"
            )
        case .alreadyInvited(let email):
            ErrorBody(.alreadyInvited, "\(email) is invited already", hint: "renew the invitation, or cancel it")
        case .alreadyMember(let email): ErrorBody(.alreadyMember, "\(email) is a member already")
        case .lastOwner:
            ErrorBody(.lastOwner, "a workspace always has an owner", hint: "make another member an owner first")
        case .personalWorkspace:
            ErrorBody(
                .personalWorkspace,
                "a personal workspace is shared with nobody and cannot be deleted",
                hint: "create a workspace to share"
            )
        case .auditUnavailable:
            ErrorBody(.auditUnavailable, "the audit entry cannot be written, so nothing was done")
        case .storage(let problem): problem.body
        }
    }

    private static func text(ofImport conflicts: [ConflictBody]) -> String {
        let existing = conflicts.count { $0.code == .duplicateName && $0.with == nil }
        let reason =
            switch (existing, conflicts.count) {
            case (1, 1): "a name exists already"
            case (conflicts.count, _): "\(existing) names exist already"
            case (_, 1): text(of: conflicts)
            default: "\(conflicts.count) conflicts"
            }
        return "nothing was imported: \(reason)"
    }

    private static func hint(forImport conflicts: [ConflictBody]) -> String? {
        if conflicts.contains(where: { $0.code == .duplicateName && $0.with != nil }) {
            return "give the order with merge, or choose bundles with bundle"
        }
        let exists = conflicts.contains { $0.code == .duplicateName }
        return exists ? "choose on_existing=skip or on_existing=update" : nil
    }

    private static func text(of conflicts: [ConflictBody]) -> String {
        conflicts.map { conflict in
            switch conflict.code {
            case .alreadyAttached: "\(conflict.name) is attached already"
            case .duplicateProvider:
                "\(conflict.name) is of a provider that the agent has a credential of"
                    + (conflict.with.map { " (\($0))" } ?? "")
            case .stillAttached:
                "\(conflict.name) is attached" + (conflict.with.map { " to \($0)" } ?? "")
            case .duplicateVariable: "\(conflict.name) would give a variable a second value"
            case .duplicateName where conflict.with != nil:
                "\(conflict.name) has another value in \(conflict.with ?? "")"
            case .invalidName: "\(conflict.name) changes how a process is loaded"
            case .kindIsFinal: "\(conflict.name) is a secret and cannot become a variable"
            case .lastOwner: "\(conflict.name) would be left without an owner"
            case .notFound: "\(conflict.name) is not attached" + (conflict.agent.map { " to \($0)" } ?? "")
            case .limitReached: "\(conflict.name) would hold more than 2,000 entries"
            default: "\(conflict.name) exists already"
            }
        }.joined(separator: "; ")
    }
}

extension KeyMismatch {
    fileprivate var body: ErrorBody {
        let copy = keyPage.map { "copy the whole key from \($0)" } ?? "copy the whole key"
        guard let issuer else {
            return ErrorBody(
                .invalidValue,
                "the value is no key of \(provider), whose keys begin with \(prefix)",
                hint: copy,
                field: "value"
            )
        }
        return ErrorBody(
            .invalidValue,
            "the value looks like a key of \(issuer.name) and not like one of \(provider), whose keys begin with \(prefix)",
            hint: "choose the provider \(issuer.id), or \(copy)",
            field: "value"
        )
    }
}

extension TokenProblem {
    fileprivate var body: ErrorBody {
        switch self {
        case .missing: ErrorBody(.tokenMissing, "no token was sent", hint: "send Authorization: Bearer …")
        case .notVouchedFor:
            ErrorBody(
                .tokenMissing,
                "no token was sent, and no engine has registered this container for an agent",
                hint: "run it with attache-runtime or podman's hook, or give it ATTACHE_GATEWAY_TOKEN_FILE"
            )
        case .unknown: ErrorBody(.tokenUnknown, "the token is not known here")
        case .rotated:
            ErrorBody(.tokenRotated, "the token was replaced by a newer one", hint: "use the newer token")
        case .revoked: ErrorBody(.tokenRevoked, "the token was revoked or has expired", hint: "get a new token")
        }
    }
}

extension StorageProblem {
    fileprivate var body: ErrorBody {
        switch self {
        case .busy: ErrorBody(.busy, "the store is busy", hint: "try again")
        case .full: ErrorBody(.storageFull, "the server's disk is full", hint: "free space; no restart is needed")
        case .readOnly, .unavailable: ErrorBody(.storageUnavailable, "the store cannot be used")
        }
    }
}

extension KeysProblem {
    fileprivate var body: ErrorBody {
        switch self {
        case .rotationUnderWay:
            ErrorBody(
                .keysConflict,
                "a rotation of keys is under way",
                hint: "attache keys status shows how far it is"
            )
        case .twoMasterKeys:
            ErrorBody(
                .keysConflict,
                "two master keys open the vault",
                hint: "give the old one up first: attache keys rotate-master --drop ID"
            )
        case .sameMasterKey:
            ErrorBody(.keysConflict, "this master key opens the vault already", hint: "make a new one")
        case .nothingToDrop:
            ErrorBody(.keysConflict, "no master key of that id can be given up", hint: "attache keys status lists them")
        case .keyNotHeld(let id):
            ErrorBody(
                .keysConflict,
                "this server does not hold the master key \(id), which would be left",
                hint: "put it into the key file and start the server again"
            )
        case .keyFileHolds(let id, let needed):
            ErrorBody(
                .keysConflict,
                id.map { "the server's key file holds the master key \($0)" } ?? "the server's key file holds no key",
                hint: "put the key \(needed) there first, or the server could not be started again"
            )
        case .notReadBack:
            ErrorBody(.keysConflict, "the key ring did not read back as it was written; nothing was changed")
        case .backupUnderWay:
            ErrorBody(.keysConflict, "a backup is being made", hint: "attache backup list shows how far it is")
        case .isOperator: ErrorBody(.keysConflict, "the machine's operator cannot be shredded")
        case .isShredded: ErrorBody(.keysConflict, "the user's keys were destroyed")
        }
    }
}
