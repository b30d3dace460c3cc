// SPDX-License-Identifier: Apache-2.0

internal import AccessRules
internal import AuditTrail
internal import Sealing
internal import Storage
internal import VaultModel

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

/// What one act works with, inside its transaction and never beyond it.
struct Act {
    let connection: any SQLConnection
    let member: AuthorizedMember
    let ring: KeyRing
    let supervised: SupervisedInstances
    let now: Timestamp
    /// How long before its end an entry is shown as expiring, longest first.
    var reminders = VaultSettings().reminders

    var workspace: WorkspaceID { member.workspace }
}

/// Who a caller turned out to be, looked up in the transaction that acts for it.
struct AuthorizedMember {
    var workspace: WorkspaceID
    let user: UserID
    let role: Role
    let actor: AuditActor
    /// The workspace key that was shown, if one was.
    let token: TokenID?

    /// Whether the act may be done: by the role, and by who it is that has the role.
    func allows(_ action: Action) -> Bool {
        guard role.allows(action), token == nil || !action.takesAPerson else { return false }
        return isOperator || !action.takesTheOperator
    }

    /// Whether it is the operator of the machine.
    var isOperator: Bool {
        if case .localOperator = actor { return true }
        return false
    }
}

/// What an act did, for the caller and for the audit trail.
struct Done<Value> {
    let value: Value
    /// Never empty: what is not recorded did not happen.
    let events: [AuditEvent]

    init(_ value: Value, _ events: AuditEvent...) {
        self.value = value
        self.events = events
    }

    init(_ value: Value, events: [AuditEvent]) {
        self.value = value
        self.events = events
    }
}

/// One thing that an act did.
struct AuditEvent {
    var action: Action
    var subjects: [AuditSubject]
    var digest: [UInt8]?
    var details: [AuditDetail] = []
}

extension Vault {
    /// Authorizes `caller` and lets `body` look at a snapshot.
    ///
    /// A refusal is recorded before it is thrown.
    func read<R: Sendable>(
        _ action: Action,
        by caller: Caller,
        _ body: @escaping @Sendable (Act) throws -> R
    ) async throws(VaultError) -> R {
        let now = clock.now
        let ring = ring
        let supervised = supervised
        let outcome: Decision<R> = try await mappingErrors {
            try await engine.read { connection in
                let member = try authenticated(caller, on: connection, ring: ring, now: now)
                guard member.allows(action) else { return .refused(member) }
                return .done(
                    try body(
                        Act(
                            connection: connection,
                            member: member,
                            ring: ring,
                            supervised: supervised,
                            now: now,
                            reminders: settings.reminders
                        )
                    )
                )
            }
        }
        switch outcome {
        case .done(let value, _): return value
        case .refused(let member):
            try await recordRefusal(of: action, to: member)
            throw .denied(action)
        }
    }

    /// Authorizes `caller`, lets `body` act, and records what it did, in one transaction.
    ///
    /// A `body` that finds that the role is not enough for what is asked throws ``VaultError/denied(_:)``: nothing that
    /// it did stays, and the refusal is recorded.
    /// Returns after COMMIT. With `once`, a repeated request gets the first one's answer and does nothing.
    func write<R: Codable & Sendable>(
        _ action: Action,
        by caller: Caller,
        once: Once? = nil,
        _ body: @escaping @Sendable (Act) throws -> Done<R>
    ) async throws(VaultError) -> R {
        let now = clock.now
        let ring = ring
        let supervised = supervised
        let requestID = Self.requestID
        let outcome: Decision<R> = try await recordingRefusals {
            try await engine.write { connection in
                let member = try authenticated(caller, on: connection, ring: ring, now: now)
                guard member.allows(action) else { return .refused(member) }
                let act = Act(
                    connection: connection,
                    member: member,
                    ring: ring,
                    supervised: supervised,
                    now: now,
                    reminders: settings.reminders
                )
                if let once, let reply: R = try act.earlierReply(to: once) { return .done(reply) }
                let done: Done<R>
                do {
                    done = try body(act)
                } catch VaultError.denied {
                    throw RefusedAct(member: member)
                }
                let trail = Trail(connection: connection, ring: ring, requestID: requestID)
                for event in done.events {
                    try trail.append(event, workspace: member.workspace, actor: member.actor, at: now)
                }
                try connection.bumpRevision(of: member.workspace)
                if let once { try act.remember(done.value, as: once) }
                return .done(done.value, changed: done.events.flatMap { $0.subjects.map(\.id) })
            }
        }
        switch outcome {
        case .done(let value, let changed):
            if !changed.isEmpty { notices.announce(changed) }
            return value
        case .refused(let member):
            try await recordRefusal(of: action, to: member)
            throw .denied(action)
        }
    }

    /// Maps errors, and turns an act that was refused half way, which undid itself, into that decision.
    private func recordingRefusals<R: Sendable>(
        _ body: () async throws -> Decision<R>
    ) async throws(VaultError) -> Decision<R> {
        try await mappingErrors {
            do {
                return try await body()
            } catch let refused as RefusedAct {
                return .refused(refused.member)
            }
        }
    }

    private func recordRefusal(of action: Action, to member: AuthorizedMember) async throws(VaultError) {
        try await record(
            RepeatedEvent(
                chain: member.workspace.text,
                actor: member.actor,
                action: action,
                outcome: .denied(reason: "role")
            )
        )
    }
}

/// Thrown out of a transaction, so that nothing of the refused act stays.
private struct RefusedAct: Error {
    let member: AuthorizedMember
}

private enum Decision<Value: Sendable>: Sendable {
    /// `changed` are the ids of what the act was about.
    case done(Value, changed: [String] = [])
    case refused(AuthorizedMember)
}

/// Looks the caller up and says who that is now.
///
/// A membership that ended, a token that was revoked or a row that was changed from outside ends the request here,
/// whatever the surface believed.
func authenticated(
    _ caller: Caller,
    on connection: any SQLConnection,
    ring: KeyRing,
    now: Timestamp
) throws -> AuthorizedMember {
    switch caller {
    case .localOperator(let uid, let reference):
        guard let user = try connection.firstUser() else { throw VaultError.notFound(.workspace) }
        let (workspace, membership) = try connection.workspace(reference, of: user.id, ring: ring)
        return AuthorizedMember(
            workspace: workspace.id,
            user: user.id,
            role: membership.role,
            actor: .localOperator(uid: uid),
            token: nil
        )
    case .session(let id, let reference):
        guard let session = try connection.session(id) else { throw VaultError.token(.unknown) }
        try session.check(with: ring, at: now)
        let (workspace, membership) = try connection.workspace(reference, of: session.userID, ring: ring)
        return AuthorizedMember(
            workspace: workspace.id,
            user: session.userID,
            role: membership.role,
            actor: .user(session.userID, id),
            token: nil
        )
    case .workspaceKey(let id, let workspace):
        let row = try connection.token(id, in: workspace) { try $0.verify(with: ring) }
        guard let token = row else { throw VaultError.token(.unknown) }
        if let problem = token.problem(at: now) { throw VaultError.token(problem) }
        let membership = try connection.verifiedMembership(of: token.createdBy, in: token.workspaceID, ring: ring)
        guard token.kind == .workspaceKey, let role = token.role, let membership else {
            throw VaultError.token(.revoked)
        }
        return AuthorizedMember(
            workspace: token.workspaceID,
            user: membership.userID,
            // A token never exceeds its maker, whatever the maker's role has become since.
            role: min(role, membership.role),
            actor: .workspaceKey(id),
            token: id
        )
    }
}
