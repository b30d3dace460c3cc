// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Storage
internal import VaultModel

/// A kind of rows that the keys sealed or vouch for.
///
/// A table that gets a code or a sealed column gets a case here and its columns in `SQLConnection.sealedColumns`: what
/// is missing would be unreadable after a rotation. A test compares the schema with that list.
enum SealedTable: String, CaseIterable, Sendable {
    case users, memberships, tokens, agents, entries, attachments, credentials, replies, accounts, sessions, invitations
    case providerAttachments = "provider_attachments"

    var next: SealedTable? {
        let all = Self.allCases
        return all.firstIndex(of: self).flatMap { $0 + 1 < all.count ? all[$0 + 1] : nil }
    }
}

/// A row of any of the kinds.
enum SealedRow: Sendable {
    case user(UserRow)
    case membership(MembershipRow)
    case token(TokenRow)
    case agent(AgentRow)
    case entry(ValuedEntryRow, owner: OwnerScope?)
    case attachment(OwnedAttachmentRow, owner: OwnerScope?)
    case credential(OwnedCredentialRow, owner: OwnerScope?)
    case reply(IdempotencyRow)
    case account(AccountRow)
    case session(SessionRow)
    case invitation(InvitationRow)
    case providerAttachment(ProviderAttachmentRow)
}

/// Some rows of one kind in the order of their primary keys, read from one snapshot.
struct SealedPage: Sendable {
    let rows: [SealedRow]
    /// Where the next page begins; nil when there is none.
    let end: PagePosition?

    init(
        of table: SealedTable,
        after position: PagePosition?,
        limit: Int,
        on connection: any SQLConnection
    ) throws {
        var scopes: [OwnerScope.Holder: OwnerScope] = [:]
        func scope(of user: UserID, in workspace: WorkspaceID) throws -> OwnerScope? {
            let holder = OwnerScope.Holder(workspace: workspace, user: user)
            if let known = scopes[holder] { return known }
            guard let found = try connection.ownerSalt(of: user, in: workspace)?.scope else { return nil }
            scopes[holder] = found
            return found
        }
        var last: PagePosition?
        switch table {
        case .users:
            let page = try connection.usersPage(after: position, limit: limit)
            (rows, last) = (page.map { .user($0) }, page.last?.position)
        case .memberships:
            let page = try connection.membershipsPage(after: position, limit: limit)
            (rows, last) = (page.map { .membership($0) }, page.last?.position)
        case .tokens:
            let page = try connection.tokensPage(after: position, limit: limit)
            (rows, last) = (page.map { .token($0) }, page.last?.position)
        case .agents:
            let page = try connection.agentsPage(after: position, limit: limit)
            (rows, last) = (page.map { .agent($0) }, page.last?.position)
        case .entries:
            let page = try connection.entriesPage(after: position, limit: limit)
            rows = try page.map { .entry($0, owner: try scope(of: $0.entry.ownerID, in: $0.entry.workspaceID)) }
            last = page.last?.position
        case .attachments:
            let page = try connection.attachmentsPage(after: position, limit: limit)
            rows = try page.map { .attachment($0, owner: try scope(of: $0.owner, in: $0.attachment.workspaceID)) }
            last = page.last?.position
        case .credentials:
            let page = try connection.credentialsPage(after: position, limit: limit)
            rows = try page.map { .credential($0, owner: try scope(of: $0.owner, in: $0.credential.workspaceID)) }
            last = page.last?.position
        case .replies:
            let page = try connection.idempotencyPage(after: position, limit: limit)
            (rows, last) = (page.map { .reply($0) }, page.last?.position)
        case .accounts:
            let page = try connection.accountsPage(after: position, limit: limit)
            (rows, last) = (page.map { .account($0) }, page.last?.position)
        case .sessions:
            let page = try connection.sessionsPage(after: position, limit: limit)
            (rows, last) = (page.map { .session($0) }, page.last?.position)
        case .invitations:
            let page = try connection.invitationsPage(after: position, limit: limit)
            (rows, last) = (page.map { .invitation($0) }, page.last?.position)
        case .providerAttachments:
            let page = try connection.providerAttachmentsPage(after: position, limit: limit)
            (rows, last) = (page.map { .providerAttachment($0) }, page.last?.position)
        }
        end = rows.count < limit ? nil : last
    }
}

/// Bytes that take the place of others, if those are still there.
struct Replacement: Sendable {
    /// Returns whether they were.
    let apply: @Sendable (any SQLConnection) throws(StorageFailure) -> Bool
}

extension SealedRow {
    /// What people are told about the row; never a part of its value.
    var label: String {
        switch self {
        case .user(let row): "user \(row.name)"
        case .membership(let row): "member \(row.userID)"
        case .token(let row): "token \(row.name) (\(row.id))"
        case .agent(let row): "agent \(row.name)"
        case .entry(let row, _): "entry \(row.entry.name) (\(row.entry.id))"
        case .attachment(let row, _): "attachment \(row.attachment.id)"
        case .credential(let row, _): "credential \(row.credential.name) (\(row.credential.entryID))"
        case .reply: "a kept answer"
        case .account(let row): "account of user \(row.userID)"
        case .session(let row): "session \(row.id)"
        case .invitation(let row): "invitation \(row.id)"
        case .providerAttachment(let row): "attachment of provider \(row.provider) (\(row.id))"
        }
    }

    /// How many sealed records it holds.
    var recordCount: Int {
        switch self {
        case .entry(let row, _): row.value?.sealed == nil ? 0 : 1
        case .reply: 1
        case .user, .membership, .token, .agent, .attachment, .credential, .account, .session, .invitation,
            .providerAttachment:
            0
        }
    }

    /// Opens and verifies everything that the row holds.
    ///
    /// What a destroyed salt had sealed counts as whole when nothing is left of it.
    func verify(with ring: KeyRing) throws(SealingError) {
        switch self {
        case .user(let row): try row.verify(with: ring)
        case .membership(let row): try row.verify(with: ring)
        case .token(let row): try row.verify(with: ring)
        case .agent(let row): try row.verify(with: ring)
        case .entry(let row, let owner): try row.verify(with: ring, owner: owner)
        case .attachment(let row, let owner):
            guard let owner else { throw .malformedSalt }
            try row.attachment.verify(with: ring, owner: owner)
        case .credential(let row, let owner):
            guard let owner else { throw .malformedSalt }
            guard !row.isDestroyed(with: owner) else { return }
            try row.credential.verify(with: ring, owner: owner)
        case .reply(let row): _ = try ring.openReply(row.reply, workspace: row.workspaceID, label: row.label)
        case .account(let row): try row.verify(with: ring)
        case .session(let row): try row.verify(with: ring)
        case .invitation(let row): try row.verify(with: ring)
        case .providerAttachment(let row): try row.verify(with: ring)
        }
    }

    /// What has to be stored instead, so that the row rests on the present keys alone; empty when it does.
    ///
    /// Throws for a row that does not verify; it is left as it is.
    func replacements(by ring: KeyRing) throws(SealingError) -> [Replacement] {
        switch self {
        case .user(let row):
            try recoded(row.rowCode, row.content, .system, by: ring) { connection, code throws(StorageFailure) in
                try connection.replaceRowCode(of: row, with: code)
            }
        case .membership(let row):
            try recoded(row.rowCode, row.content, .system, by: ring) { connection, code throws(StorageFailure) in
                try connection.replaceRowCode(of: row, with: code)
            }
        case .token(let row):
            try recoded(row.rowCode, row.content, .system, by: ring) { connection, code throws(StorageFailure) in
                try connection.replaceRowCode(of: row, with: code)
            }
        case .agent(let row):
            try recoded(row.rowCode, row.content, .system, by: ring) { connection, code throws(StorageFailure) in
                try connection.replaceRowCode(of: row, with: code)
            }
        case .entry(let row, let owner): try row.replacements(by: ring, owner: owner)
        case .attachment(let row, let owner): try row.replacements(by: ring, owner: owner)
        case .credential(let row, let owner): try row.replacements(by: ring, owner: owner)
        case .reply(let row): try row.replacements(by: ring)
        case .account(let row):
            try recoded(row.rowCode, row.content, .system, by: ring) { connection, code throws(StorageFailure) in
                try connection.replaceRowCode(of: row, with: code)
            }
        case .session(let row):
            try recoded(row.rowCode, row.content, .system, by: ring) { connection, code throws(StorageFailure) in
                try connection.replaceRowCode(of: row, with: code)
            }
        case .invitation(let row):
            try recoded(row.rowCode, row.content, .system, by: ring) { connection, code throws(StorageFailure) in
                try connection.replaceRowCode(of: row, with: code)
            }
        case .providerAttachment(let row):
            try recoded(row.rowCode, row.content, .system, by: ring) { connection, code throws(StorageFailure) in
                try connection.replaceRowCode(of: row, with: code)
            }
        }
    }
}

/// The replacement of a row's code that is outdated and verifies.
private func recoded(
    _ old: [UInt8],
    _ content: RowContent,
    _ scope: RowScope,
    by ring: KeyRing,
    _ replace: @escaping @Sendable (any SQLConnection, [UInt8]) throws(StorageFailure) -> Bool
) throws(SealingError) -> [Replacement] {
    guard ring.isOutdated(old, of: content, scope: scope) else { return [] }
    try ring.verify(old, of: content, scope: scope)
    let code = ring.rowCode(for: content, scope: scope)
    return [Replacement { connection throws(StorageFailure) in try replace(connection, code) }]
}

extension IdempotencyRow {
    fileprivate func replacements(by ring: KeyRing) throws(SealingError) -> [Replacement] {
        guard ring.isOutdated(reply: reply) else { return [] }
        let resealed = try ring.reseal(reply: reply, workspace: workspaceID, label: label)
        return [
            Replacement { connection throws(StorageFailure) in try connection.replaceReply(of: self, with: resealed) }
        ]
    }
}

extension OwnedAttachmentRow {
    fileprivate func replacements(by ring: KeyRing, owner: OwnerScope?) throws(SealingError) -> [Replacement] {
        guard let owner else { throw .malformedSalt }
        let content = attachment.content
        return try recoded(attachment.rowCode, content, .owner(owner), by: ring) {
            connection,
            code throws(StorageFailure) in
            try connection.replaceRowCode(of: attachment, with: code)
        }
    }
}

extension OwnedCredentialRow {
    fileprivate func replacements(by ring: KeyRing, owner: OwnerScope?) throws(SealingError) -> [Replacement] {
        guard let owner else { throw .malformedSalt }
        guard !isDestroyed(with: owner) else { return [] }
        return try recoded(credential.rowCode, credential.content, .owner(owner), by: ring) {
            [credential]
            connection,
            code throws(StorageFailure) in
            try connection.replaceRowCode(of: credential, with: code)
        }
    }

    /// Whether the owner's salt was destroyed, and the code with it.
    fileprivate func isDestroyed(with owner: OwnerScope) -> Bool {
        owner.isDestroyed && credential.deletedAt != nil && credential.rowCode.isEmpty
    }
}

extension IdempotencyRow {
    fileprivate var label: String { replyLabel(caller: caller, key: key) }
}

extension ValuedEntryRow {
    fileprivate func verify(with ring: KeyRing, owner: OwnerScope?) throws(SealingError) {
        guard let owner else { throw .malformedSalt }
        guard !isDestroyed(with: owner) else { return }
        try entry.verify(with: ring, owner: owner, readable: value?.readable)
        if let sealed = value?.sealed { _ = try ring.open(sealed, as: context(of: owner)).mask }
        // Destroyed, readable or sealed, as the entry says.
        let isWhole =
            if entry.deletedAt != nil {
                value?.sealed == nil && value?.readable == nil
            } else if entry.kind == .variable {
                value?.sealed == nil && value?.readable != nil
            } else {
                value?.sealed != nil && value?.readable == nil
            }
        guard isWhole else { throw .malformedRecord }
    }

    fileprivate func replacements(by ring: KeyRing, owner: OwnerScope?) throws(SealingError) -> [Replacement] {
        guard let owner else { throw .malformedSalt }
        guard !isDestroyed(with: owner) else { return [] }
        let content = entry.content(readable: value?.readable)
        var replacements = try recoded(entry.rowCode, content, .owner(owner), by: ring) {
            [entry]
            connection,
            code throws(StorageFailure) in
            try connection.replaceRowCode(of: entry, with: code)
        }
        if let value, let sealed = value.sealed, ring.isOutdated(sealed, as: context(of: owner)) {
            let resealed = try ring.reseal(sealed, as: context(of: owner)).bytes
            replacements.append(
                Replacement { connection throws(StorageFailure) in
                    try connection.replaceSealed(of: value, with: resealed)
                }
            )
        }
        return replacements
    }

    /// Whether the owner's salt was destroyed, and the value and the code of the entry with it.
    private func isDestroyed(with owner: OwnerScope) -> Bool {
        owner.isDestroyed && entry.deletedAt != nil && entry.rowCode.isEmpty && value?.sealed == nil
            && value?.readable == nil
    }

    private func context(of owner: OwnerScope) -> RecordContext {
        RecordContext(scope: owner, entry: entry.id, version: entry.version, kind: entry.kind)
    }
}

extension OwnerScope {
    /// Whose salt it is.
    fileprivate struct Holder: Hashable {
        let workspace: WorkspaceID
        let user: UserID
    }
}
