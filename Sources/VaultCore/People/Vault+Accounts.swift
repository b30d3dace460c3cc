// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

extension Vault {
    /// Logs a person in.
    ///
    /// The answer to a wrong password, to an address without an account and to one that cannot be an address is the
    /// same and takes the same time. Failures are counted by ``LoginThrottle``; the audit entry of the next success
    /// says how many there were.
    package func logIn(_ body: LoginBody, from address: IPAddress) async throws(VaultError) -> LoggedInBody {
        let now = clock.now
        let ring = ring
        let requestID = Self.requestID
        // What cannot be an address is nobody's; it is counted under one name, so that the counts stay few.
        let email = EmailAddress(body.email)
        let account: AccountRow? = try await mappingErrors {
            try await engine.read { connection in
                try email.flatMap { try connection.verifiedAccount(email: $0, ring: ring) }
            }
        }
        let failures = try await verify(body.password.secret, of: account, email: email, from: address, at: now)
        guard let account else { throw .loginFailed }
        let renewed = try await renewedHash(of: account, body.password.secret)
        return try await mappingErrors {
            try await engine.write { connection in
                guard var current = try connection.account(of: account.userID) else { throw VaultError.loginFailed }
                // The password was changed while this one was looked at.
                guard current.passwordHash == account.passwordHash else { throw VaultError.loginFailed }
                if let renewed {
                    current.passwordHash = renewed.bytes
                    try connection.updateAccount(current.sealed(with: ring))
                }
                try connection.deleteSessions(expiredBefore: now + (.zero - SessionRow.lifetime))
                let session = try connection.insertSession(of: account.userID, from: address, ring: ring, now: now)
                guard let personal = try connection.personalWorkspace(of: account.userID) else {
                    throw VaultError.notFound(.workspace)
                }
                try Trail(connection: connection, ring: ring, requestID: requestID).append(
                    AuditEvent(
                        action: .login,
                        subjects: [],
                        details: [
                            AuditDetail(key: "from", value: address.description),
                            AuditDetail(key: "failures_before", value: String(failures)),
                        ]
                    ),
                    workspace: personal.id,
                    actor: .user(account.userID, session.row.id),
                    at: now
                )
                return try connection.loggedIn(session, ring: ring)
            }
        }
    }

    /// Ends the session that is shown.
    package func logOut(by caller: Caller) async throws(VaultError) {
        guard case .session(let id, _) = caller else {
            throw .invalidField("Authorization", reason: "only a session can be ended; a key is revoked")
        }
        let _: Bool = try await write(.logout, by: .session(id)) { act in
            guard let session = try act.connection.session(id) else { throw VaultError.token(.unknown) }
            try act.end(session)
            return Done(true, AuditEvent(action: .logout, subjects: []))
        }
    }

    package func account(by caller: Caller) async throws(VaultError) -> AccountBody {
        try await read(.accountView, by: caller) { try $0.accountBody() }
    }

    /// Changes the caller's own name or password; a new password ends every other session of the person.
    package func updateAccount(
        _ change: UpdateAccountBody,
        by caller: Caller,
        from address: IPAddress
    ) async throws(VaultError) -> AccountBody {
        var hash: PasswordHash?
        var old: AccountRow?
        if let password = change.password?.secret {
            guard let current = change.currentPassword?.secret else {
                throw .invalidField("currentPassword", reason: "a new password takes the current one")
            }
            let now = clock.now
            let ring = ring
            let account = try await read(.accountView, by: caller) { act in
                try act.connection.account(of: act.member.user)
            }
            guard let account, let email = EmailAddress(account.email) else {
                throw .invalidField("password", reason: "there is no account yet; make one with attache init")
            }
            do {
                try account.verify(with: ring)
            } catch {
                throw .integrity(entry: nil)
            }
            try await verify(current, of: account, email: email, from: address, at: now)
            try checkStrength(of: password, email: email)
            hash = try await passwords.hash(password)
            old = account
        }
        let (newHash, oldHash) = (hash, old?.passwordHash)
        return try await write(.accountUpdate, by: caller) { act in
            if let name = change.name {
                var user = try act.user(act.member.user)
                user.name = try displayName(name, field: "name").text
                try act.connection.updateUser(user.sealed(with: act.ring))
            }
            if let newHash, var account = try act.connection.account(of: act.member.user) {
                guard account.passwordHash == oldHash else { throw VaultError.loginFailed }
                try act.setPassword(newHash, of: &account)
            }
            return Done(
                try act.accountBody(),
                AuditEvent(
                    action: .accountUpdate,
                    subjects: [try act.user(act.member.user).subject],
                    details: [AuditDetail(key: "password", value: newHash == nil ? "no" : "yes")]
                )
            )
        }
    }

    package func users(by caller: Caller) async throws(VaultError) -> UserList {
        try await read(.userList, by: caller) { act in
            // Who was deleted is a member of nothing, not even of a workspace of the own.
            let members = try act.connection.allUsers().filter { try !act.connection.memberships(of: $0.id).isEmpty }
            return UserList(users: try members.map { try act.body(of: $0) })
        }
    }

    /// Makes a person with an account and a personal workspace, or gives the operator's own user an account.
    package func createUser(
        _ new: CreateUserBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> UserBody {
        // Whether the caller may at all is decided before the expensive part.
        _ = try await users(by: caller)
        let email = try emailAddress(new.email)
        try checkStrength(of: new.password.secret, email: email)
        let hash = try await passwords.hash(new.password.secret)
        let requestID = Self.requestID
        return try await write(.userCreate, by: caller, once: once) { act in
            guard try act.connection.account(email: email) == nil else {
                throw VaultError.conflicts([ConflictBody(code: .duplicateName, name: email.text)])
            }
            let trail = Trail(connection: act.connection, ring: act.ring, requestID: requestID)
            var user: UserRow
            if new.isOperator == true {
                user = try act.user(act.member.user)
                guard try act.connection.account(of: user.id) == nil else {
                    throw VaultError.conflicts([ConflictBody(code: .duplicateName, name: user.name)])
                }
                if let name = new.name {
                    user.name = try displayName(name, field: "name").text
                    user = user.sealed(with: act.ring)
                    try act.connection.updateUser(user)
                }
            } else {
                user = try act.connection.insertPerson(
                    named: displayName(new.name ?? email.name, field: "name").text,
                    trail: trail,
                    actor: act.member.actor,
                    ring: act.ring,
                    now: act.now
                )
            }
            try act.connection.insertAccount(
                AccountRow(
                    userID: user.id,
                    email: email.text,
                    passwordHash: hash.bytes,
                    createdAt: act.now,
                    changedAt: act.now,
                    rowCode: []
                ).sealed(with: act.ring)
            )
            return Done(try act.body(of: user), AuditEvent(action: .userCreate, subjects: [user.subject]))
        }
    }

    /// Gives somebody a new password and ends every session of that person.
    package func updateUser(
        _ reference: String,
        _ change: UpdateUserBody,
        by caller: Caller
    ) async throws(VaultError) -> UserBody {
        let account = try await read(.userList, by: caller) { act in
            let byID = try UserID(reference).flatMap { try act.connection.account(of: $0) }
            let byEmail = try EmailAddress(reference).flatMap { try act.connection.account(email: $0) }
            guard let account = byID ?? byEmail else { throw VaultError.notFound(.user) }
            try account.verify(with: act.ring)
            return account
        }
        try checkStrength(of: change.password.secret, email: EmailAddress(account.email))
        let hash = try await passwords.hash(change.password.secret)
        return try await write(.userUpdate, by: caller) { act in
            guard var current = try act.connection.account(of: account.userID) else { throw VaultError.notFound(.user) }
            try act.setPassword(hash, of: &current)
            let user = try act.user(account.userID)
            return Done(try act.body(of: user), AuditEvent(action: .userUpdate, subjects: [user.subject]))
        }
    }
}

extension Vault {
    /// The length of passwords in bytes.
    ///
    /// Long ones are better than ones with signs in them (NIST SP 800-63B §5.1.1.2), so nothing else is asked for.
    static let passwordBytes = 12...1_024

    func checkStrength(of password: SharedSecret, email: EmailAddress?) throws(VaultError) {
        let isLong = Self.passwordBytes.contains(password.bytes.count)
        let isName = password.bytes.withBytes { bytes in
            let text = String(decoding: bytes, as: UTF8.self).lowercased()
            return text == email?.text || Set(bytes).count < 4
        }
        guard isLong, !isName else {
            throw .invalidField("password", reason: "12 to 1,024 bytes, not the address, and not one sign repeated")
        }
    }

    /// Checks a password against an account, which may not exist; throws ``VaultError/loginFailed`` when it is wrong.
    ///
    /// Returns how many failures there were before.
    @discardableResult
    func verify(
        _ password: SharedSecret,
        of account: AccountRow?,
        email: EmailAddress?,
        from address: IPAddress,
        at now: Timestamp
    ) async throws(VaultError) -> Int {
        let name = email?.text ?? ""
        let source = address.source
        let isUsual: Bool = try await mappingErrors {
            try await engine.read { connection in
                guard let account else { return false }
                return try connection.hasSession(
                    of: account.userID,
                    from: source.description,
                    since: now + (.zero - SessionRow.lifetime)
                )
            }
        }
        try loginThrottle.check(name, from: source, isUsual: isUsual, at: now)
        // Nobody's password is longer, and hashing takes time in proportion.
        guard password.bytes.count <= Self.passwordBytes.upperBound else { throw .loginFailed }
        let hash = account.flatMap { PasswordHash(bytes: $0.passwordHash) }
        guard try await passwords.matches(password, hash) else {
            loginThrottle.failed(name, from: source, at: now)
            await recordRefusal(of: .login, reason: "password")
            throw .loginFailed
        }
        return loginThrottle.succeeded(name, from: source)
    }

    /// A hash of today's cost where the stored one cost less.
    private func renewedHash(of account: AccountRow, _ password: SharedSecret) async throws(VaultError) -> PasswordHash?
    {
        guard let hash = PasswordHash(bytes: account.passwordHash), hash.cost.logN < passwords.cost.logN else {
            return nil
        }
        return try await passwords.hash(password)
    }
}

/// A session that was just made: its row, and the text that is shown once.
struct MintedSession {
    let row: SessionRow
    let text: String
}

extension SQLConnection {
    func insertSession(of user: UserID, from address: IPAddress, ring: KeyRing, now: Timestamp) throws -> MintedSession
    {
        let token = BearerToken.mint(.session)
        let row = SessionRow(
            id: SessionID(at: now),
            userID: user,
            digest: token.digest,
            address: address.source.description,
            createdAt: now,
            expiresAt: now + SessionRow.lifetime,
            endedAt: nil,
            lastUsedAt: nil,
            rowCode: []
        ).sealed(with: ring)
        try insertSession(row)
        return MintedSession(row: row, text: token.withText { String(decoding: $0, as: UTF8.self) })
    }

    func loggedIn(_ session: MintedSession, ring: KeyRing) throws -> LoggedInBody {
        guard let user = try user(session.row.userID) else { throw VaultError.notFound(.user) }
        return LoggedInBody(
            token: session.text,
            expiresAt: session.row.expiresAt,
            user: UserBody(user, email: try account(of: user.id)?.email),
            workspaces: try workspaceBodies(of: user.id, ring: ring)
        )
    }
}

extension Act {
    func body(of user: UserRow) throws -> UserBody {
        UserBody(user, email: try connection.account(of: user.id)?.email)
    }

    fileprivate func accountBody() throws -> AccountBody {
        AccountBody(
            user: try body(of: user(member.user)),
            workspaces: try connection.workspaceBodies(of: member.user, ring: ring)
        )
    }

    /// Ends every session of a person but `kept`; returns how many it was.
    @discardableResult
    func endSessions(of user: UserID, besides kept: SessionID? = nil) throws -> Int {
        let sessions = try connection.openSessions(of: user).filter { $0.id != kept }
        for session in sessions { try end(session) }
        return sessions.count
    }

    fileprivate func end(_ session: SessionRow) throws {
        var session = session
        session.endedAt = now
        try connection.updateSession(session.sealed(with: ring))
    }

    /// Stores a new hash and ends every session but the one in which this is done.
    fileprivate func setPassword(_ hash: PasswordHash, of account: inout AccountRow) throws {
        account.passwordHash = hash.bytes
        account.changedAt = now
        account = account.sealed(with: ring)
        try connection.updateAccount(account)
        var own: SessionID?
        if case .user(_, let session) = member.actor { own = session }
        try endSessions(of: account.userID, besides: own)
    }
}

extension UserBody {
    init(_ row: UserRow, email: String?) {
        self.init(id: row.id.text, name: row.name, email: email, createdAt: row.createdAt)
    }
}

extension EmailAddress {
    /// What stands before the `@`: a name for who gave none.
    var name: String { String(text.prefix { $0 != "@" }) }
}

func emailAddress(_ text: String) throws(VaultError) -> EmailAddress {
    guard let email = EmailAddress(text) else {
        throw .invalidField("email", reason: "an address is written like ada@example.org, in ASCII")
    }
    return email
}
