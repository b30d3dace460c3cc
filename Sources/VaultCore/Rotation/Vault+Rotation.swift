// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

// A rotation is a row of the database and a sequence of steps, each a transaction that ends with the row saying what
// comes next. A server that was killed goes on where the row says; no step is lost, and a step that is taken twice finds
// that it was taken.
//
//     adding → activating → resealing … resealing → verifying → retiring → done
//                               ↑                        └──────────┴──▶ incomplete
//                               └──────────── when it is started again ───────┘
extension Vault {
    /// Rows that are sealed anew in one transaction: few enough that a write which waits behind them hardly notices.
    private static let resealedAtOnce = 200

    /// Yields when there may be a rotation to carry on with; the server calls ``advanceRotation()`` then, until nil.
    package var rotations: AsyncStream<Void> { keys.rotations }

    /// Begins a rotation of the epoch, or of one user's keys, or goes on with one that was left incomplete.
    ///
    /// Returns at once; ``advanceRotation()`` does the work.
    package func beginRotation(
        _ body: RotateKeysBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> RotationBody {
        try await requireOperator(caller, .keysRotate)
        guard let kind = RotationKind(rawValue: body.kind) else {
            throw .invalidField("kind", reason: "epoch or user")
        }
        let rotation: RotationBody = try await write(.keysRotate, by: caller, once: once) { act in
            try act.connection.refuseDuringRotation()
            guard try act.connection.keyRings().count == 1 else { throw VaultError.keys(.twoMasterKeys) }
            let user = try kind == .user ? act.user(body.user) : nil
            var row = try act.rotation(kind, of: user)
            row.total = 2 * Int64(try act.connection.sealedRowCount())
            switch kind {
            case .epoch: break
            case .user:
                guard let user else { throw VaultError.notFound(.user) }
                try act.renewSalts(of: user)
            }
            if try act.connection.latestRotation()?.id == row.id {
                try act.connection.updateRotation(row)
            } else {
                try act.connection.insertRotation(row)
            }
            return Done(RotationBody(row), row.event("began"))
        }
        keys.rotationMayGoOn()
        return rotation
    }

    /// Takes the next step of the rotation that is under way, and says how far it is then; nil when none is.
    package func advanceRotation() async throws(VaultError) -> RotationBody? {
        try await keys.oneStepAtATime { () throws(VaultError) in try await takeStep() }
    }

    private func takeStep() async throws(VaultError) -> RotationBody? {
        let row = try await mappingErrors { try await engine.read { try $0.latestRotation() } }
        guard let row, row.endedAt == nil else { return nil }
        let next: RotationRow
        switch row.phase {
        case .adding: next = try await addEpoch(row)
        case .activating: next = try await activateEpoch(row)
        case .resealing: next = try await resealSome(row)
        case .verifying: next = try await verifyRotation(row)
        case .retiring: next = try await retire(row)
        case .done, .incomplete: return nil
        }
        return RotationBody(next)
    }

    private func addEpoch(_ row: RotationRow) async throws(VaultError) -> RotationRow {
        let new = ring.addingEpoch()
        let next = try await step(row, storing: new) { next, _ in
            next.phase = .activating
            next.epoch = new.epochs.last.map { Int64($0.number) }
        }
        return next
    }

    private func activateEpoch(_ row: RotationRow) async throws(VaultError) -> RotationRow {
        guard let epoch = row.epoch.flatMap({ UInt32(exactly: $0) }), let new = try? ring.activating(epoch) else {
            throw .integrity(entry: nil)
        }
        return try await step(row, storing: new) { next, _ in next.phase = .resealing }
    }

    /// Seals the next rows anew: read from a snapshot, opened and sealed on this thread, replaced where nothing changed.
    private func resealSome(_ row: RotationRow) async throws(VaultError) -> RotationRow {
        let table = row.place.flatMap(SealedTable.init) ?? .users
        let position = row.position.map { PagePosition(text: $0) }
        let ring = ring
        let page = try await mappingErrors {
            try await engine.read { connection in
                try SealedPage(of: table, after: position, limit: Self.resealedAtOnce, on: connection)
            }
        }
        var replacements: [Replacement] = []
        var damaged: Int64 = 0
        for sealed in page.rows {
            do { replacements += try sealed.replacements(by: ring) } catch { damaged += 1 }
        }
        let changes = replacements
        let (foundDamaged, count) = (damaged, Int64(page.rows.count))
        return try await step(row) { next, connection in
            for change in changes { _ = try change.apply(connection) }
            next.done += count
            next.damaged += foundDamaged
            if let end = page.end {
                next.place = table.rawValue
                next.position = end.text
            } else {
                next.place = table.next?.rawValue
                next.position = nil
                if table.next == nil { next.phase = .verifying }
            }
        }
    }

    private func verifyRotation(_ row: RotationRow) async throws(VaultError) -> RotationRow {
        let findings = try await verification { examined in
            let now = clock.now
            try? await mappingErrors {
                try await engine.write { connection in
                    guard var current = try connection.latestRotation(), current.phase == .verifying else { return }
                    current.done = row.done + examined
                    current.updatedAt = now
                    try connection.updateRotation(current)
                }
            }
        }
        let epoch = ring.activeEpoch
        let outdated =
            row.kind == .epoch
            ? try await mappingErrors { try await engine.read { try $0.outdatedCount(besides: epoch) } } : 0
        return try await step(row) { next, _ in
            next.done = row.done + findings.rows
            next.damaged = Int64(findings.problems.count)
            if findings.problems.isEmpty && outdated == 0 {
                next.phase = .retiring
            } else {
                next.phase = .incomplete
                next.damaged = max(next.damaged, 1)
            }
        }
    }

    /// Ends the use of the old keys, which nothing needs any more.
    private func retire(_ row: RotationRow) async throws(VaultError) -> RotationRow {
        switch row.kind {
        case .epoch:
            var new = ring
            for epoch in new.epochs where epoch.state == .readable {
                do { new = try new.retiring(epoch.number) } catch { throw .integrity(entry: nil) }
            }
            return try await step(row, storing: new) { next, _ in next.phase = .done }
        case .user:
            return try await step(row) { next, connection in
                guard let user = next.userID else { throw VaultError.integrity(entry: nil) }
                for var salt in try connection.ownerSalts(of: user) {
                    salt.previousSalt = nil
                    try connection.updateOwnerSalt(salt)
                }
                next.phase = .done
            }
        }
    }

    /// Commits one step, on condition that nobody else has taken it, and then uses the ring that it stored.
    private func step(
        _ row: RotationRow,
        storing new: KeyRing? = nil,
        _ change: @escaping @Sendable (inout RotationRow, any SQLConnection) throws -> Void
    ) async throws(VaultError) -> RotationRow {
        let now = clock.now
        let keys = keys
        return try await mappingErrors {
            let (next, wasTaken) = try await commit(row, storing: new, at: now, change)
            if let new, wasTaken { try await keys.replaceRing(by: new) }
            return next
        }
    }

    private func commit(
        _ row: RotationRow,
        storing new: KeyRing?,
        at now: Timestamp,
        _ change: @escaping @Sendable (inout RotationRow, any SQLConnection) throws -> Void
    ) async throws -> (row: RotationRow, wasTaken: Bool) {
        let keys = keys
        let ring = ring
        return try await engine.write { connection in
            guard var next = try connection.latestRotation(), next.id == row.id else {
                throw VaultError.storage(.busy)
            }
            guard next.phase == row.phase, next.place == row.place, next.position == row.position else {
                return (next, false)
            }
            try change(&next, connection)
            if let new { try connection.replaceKeyRing(by: new, keys: keys, at: now) }
            next.updatedAt = now
            if next.phase == .done || next.phase == .incomplete {
                next.endedAt = now
                try Trail(connection: connection, ring: ring, requestID: nil)
                    .append(next.event(next.phase.rawValue), workspace: next.workspaceID, actor: .server, at: now)
            }
            try connection.updateRotation(next)
            return (next, true)
        }
    }
}

extension Act {
    /// The rotation to begin: a new one, or the last one of the same kind when it was left incomplete.
    fileprivate func rotation(_ kind: RotationKind, of user: UserID?) throws -> RotationRow {
        if var last = try connection.latestRotation(), last.phase == .incomplete, last.kind == kind, last.userID == user
        {
            last.phase = .resealing
            last.place = nil
            last.position = nil
            last.done = 0
            last.damaged = 0
            last.endedAt = nil
            last.updatedAt = now
            return last
        }
        return RotationRow(
            id: RotationID(at: now),
            kind: kind,
            workspaceID: workspace,
            userID: user,
            epoch: nil,
            phase: kind == .epoch ? .adding : .resealing,
            place: nil,
            position: nil,
            done: 0,
            total: 0,
            damaged: 0,
            startedAt: now,
            updatedAt: now,
            endedAt: nil
        )
    }

    /// Gives the user a new salt in each workspace; the one before still opens what it sealed.
    fileprivate func renewSalts(of user: UserID) throws {
        // In a workspace that was deleted there is nothing left to seal.
        let salts = try connection.ownerSalts(of: user).filter { !$0.salt.isEmpty }
        guard !salts.isEmpty else { throw VaultError.keys(.isShredded) }
        // A salt that is still being replaced stays the one that is replaced.
        for var salt in salts where salt.previousSalt == nil {
            salt.previousSalt = salt.salt
            salt.salt = OwnerScope.makeSalt()
            try connection.updateOwnerSalt(salt)
        }
    }

    /// The user that `reference` names: by id, by address, or by name where only one has it.
    func user(_ reference: String?) throws -> UserID {
        guard let reference else { throw VaultError.invalidField("user", reason: "a user's id, address or name") }
        if let id = UserID(reference) {
            guard let row = try connection.user(id) else { throw VaultError.notFound(.user) }
            return row.id
        }
        if let email = EmailAddress(reference) {
            guard let account = try connection.verifiedAccount(email: email, ring: ring) else {
                throw VaultError.notFound(.user)
            }
            return account.userID
        }
        let named = try connection.users(named: reference)
        guard let only = named.first, named.count == 1 else { throw VaultError.notFound(.user) }
        return only.id
    }
}

extension RotationRow {
    fileprivate func event(_ step: String) -> AuditEvent {
        let subject =
            switch kind {
            case .epoch: AuditSubject(kind: .key, id: epoch.map { String($0) } ?? id.text, name: "epoch")
            case .user: AuditSubject(kind: .user, id: userID?.text ?? id.text, name: nil)
            }
        return AuditEvent(
            action: .keysRotate,
            subjects: [subject],
            details: [AuditDetail(key: "step", value: step), AuditDetail(key: "rotation", value: id.text)]
        )
    }
}

extension RotationBody {
    init(_ row: RotationRow) {
        let elapsed = row.updatedAt.milliseconds - row.startedAt.milliseconds
        let rate = elapsed > 0 ? row.done * 1_000 / elapsed : nil
        self.init(
            id: row.id.text,
            kind: row.kind.rawValue,
            phase: row.phase.rawValue,
            epoch: row.epoch,
            userId: row.userID?.text,
            done: row.done,
            total: max(row.total, row.done),
            damaged: row.damaged,
            startedAt: row.startedAt,
            updatedAt: row.updatedAt,
            endedAt: row.endedAt,
            rowsPerSecond: rate,
            secondsLeft: row.endedAt == nil ? rate.flatMap { $0 > 0 ? max(0, row.total - row.done) / $0 : nil } : nil
        )
    }
}
