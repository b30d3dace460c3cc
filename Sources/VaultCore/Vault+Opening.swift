// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
package import Sealing
package import Storage
package import VaultModel

extension Vault {
    /// Opens the vault that `folder` holds, or founds one in an empty folder.
    ///
    /// `keyInFile` tells which key the server would find if it were started now; without one, an old master key is given up
    /// without that check. Everything that can be wrong with the key is found before anything is written: with a wrong key the database
    /// stays as it is, to the byte. A folder that holds data without a key ring is never founded anew.
    package static func open(
        _ folder: DataFolder,
        under master: MasterKey,
        clock: any WallClock = SystemWallClock(),
        passwordCost: PasswordCost = .standard,
        version: String,
        keyInFile: @escaping @Sendable () -> MasterKeyID? = { nil }
    ) async throws(VaultOpeningError) -> OpenedVault {
        let found: Inspection?
        let engine: SQLiteEngine
        let ring: KeyRing
        do {
            found = try folder.inspect()
        } catch {
            throw .storage(error)
        }
        // A founding that was interrupted left a schema and nothing in it: it is founded again.
        let isNew = found.map { $0.schemaVersion == 0 || $0.isEmpty } ?? true
        ring = isNew ? KeyRing.generate() : try unwrap(found?.keyRings ?? [], under: master)
        do {
            engine = try await SQLiteEngine.open(folder)
        } catch {
            throw .storage(error)
        }
        let keys = HeldKeys(ring: ring, master: master, keyInFile: keyInFile)
        let grants = ProxyGrants()
        let attempts: AttemptLedger
        do {
            attempts = AttemptLedger(slots: try AttemptSlots(in: folder), engine: engine, keys: keys, grants: grants)
        } catch {
            throw .storage(error)
        }
        let vault = Vault(
            engine: engine,
            keys: keys,
            clock: clock,
            identity: ServerIdentity(
                version: version,
                masterKeyID: master.id.text,
                storage: "SQLite \(SQLiteEngine.libraryVersion)"
            ),
            passwords: PasswordWork(cost: passwordCost),
            grants: grants,
            attempts: attempts
        )
        guard isNew else {
            do {
                try await mappingErrors { try await attempts.recover() }
            } catch {
                throw .founding(error)
            }
            return OpenedVault(vault: vault, engine: engine, workspaceKey: nil)
        }
        do {
            let key = try await vault.found(under: master)
            return OpenedVault(vault: vault, engine: engine, workspaceKey: key)
        } catch {
            throw .founding(error)
        }
    }

    /// The id of the master key that opens the vault in `folder`; nil when there is no vault yet.
    package static func masterKeyID(of folder: DataFolder) throws(VaultOpeningError) -> MasterKeyID? {
        do {
            guard let found = try folder.inspect() else { return nil }
            return found.keyRings.lazy.compactMap { KeyRing.masterKeyID(ofWrapped: $0.wrapped) }.first
        } catch {
            throw .storage(error)
        }
    }

    private static func unwrap(
        _ wraps: [KeyRingRow],
        under master: MasterKey
    ) throws(VaultOpeningError) -> KeyRing {
        guard !wraps.isEmpty else { throw .noKeyRing }
        // While the master key is being replaced there are two wraps, and either key opens the vault.
        var first: SealingError?
        for wrap in wraps {
            do {
                return try KeyRing(unwrapping: wrap.wrapped, under: master)
            } catch {
                first = first ?? error
            }
        }
        throw .sealing(first ?? .keyRingDamaged)
    }

    /// Writes what a new vault begins with, in one transaction, and returns the first workspace key.
    private func found(under master: MasterKey) async throws(VaultError) -> String {
        let now = clock.now
        let supervised = supervised
        let ring = ring
        return try await mappingErrors {
            try await engine.write { connection in
                guard try connection.keyRings().isEmpty else { throw VaultError.storage(.unavailable) }
                try connection.insertKeyRing(
                    KeyRingRow(
                        slot: 1,
                        masterKeyID: master.id.text,
                        wrapped: ring.wrapped(under: master),
                        createdAt: now
                    )
                )
                let user = UserRow(id: UserID(at: now), name: "operator", createdAt: now, rowCode: [])
                    .sealed(with: ring)
                try connection.insertUser(user)
                let workspace = try connection.insertWorkspace(
                    named: "personal",
                    ownedBy: user.id,
                    isPersonal: true,
                    ring: ring,
                    now: now
                )
                let act = Act(
                    connection: connection,
                    member: AuthorizedMember(
                        workspace: workspace.id,
                        user: user.id,
                        role: .owner,
                        actor: .server,
                        token: nil
                    ),
                    ring: ring,
                    supervised: supervised,
                    now: now
                )
                let key = try act.mintToken(.workspaceKey, as: .workspaceKey, name: "first key", role: .owner)
                let trail = Trail(connection: connection, ring: ring, requestID: nil)
                for event in [
                    AuditEvent(action: .workspaceCreate, subjects: [workspace.subject]),
                    AuditEvent(action: .tokenCreate, subjects: [key.row.subject]),
                ] {
                    try trail.append(event, workspace: workspace.id, actor: .server, at: now)
                }
                return key.text
            }
        }
    }
}

/// A vault that is open, and what has to be done with it at the end.
package struct OpenedVault: Sendable {
    package let vault: Vault
    /// Closed by whoever opened it, after the last request.
    package let engine: SQLiteEngine
    /// The first workspace key, when the vault was founded just now; shown once.
    package let workspaceKey: String?
}

/// Why a vault cannot be opened.
package enum VaultOpeningError: Error, Equatable {
    case storage(StorageFailure)
    /// The key does not open the key ring, or the ring is damaged.
    case sealing(SealingError)
    /// There is data but no key ring: it was removed, and a new one would make the data unreadable for good.
    case noKeyRing
    case founding(VaultError)
}
