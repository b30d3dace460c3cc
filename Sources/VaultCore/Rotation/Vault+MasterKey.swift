// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import AuditTrail
internal import Sealing
internal import Storage
package import VaultModel

// Replacing the master key: a second wrap under the new key, read back and compared; then, by a request of its own, the
// old wrap goes. At every instant a wrap is there that a key which the operator has can open.
extension Vault {
    /// Says which keys there are and how far the last rotation is.
    package func keys(by caller: Caller) async throws(VaultError) -> KeysBody {
        try await requireOperator(caller, .keysView)
        let epochs = ring.epochs.map { EpochBody(number: $0.number, state: "\($0.state)") }
        let inFile = keys.keyInFile()
        return try await read(.keysView, by: caller) { act in
            KeysBody(
                masterKeys: try act.connection.keyRings().map { row in
                    MasterKeyBody(
                        id: row.masterKeyID,
                        wrappedAt: row.createdAt,
                        inKeyFile: inFile.map { $0.text == row.masterKeyID }
                    )
                },
                epochs: epochs,
                rotation: try act.connection.latestRotation().map { RotationBody($0) }
            )
        }
    }

    /// Lets a second master key open the vault.
    ///
    /// Returns when both wraps have been read back from the database and hold the same ring. The old key goes on
    /// opening the vault until ``dropMasterKey(_:by:)``.
    package func addMasterKey(
        _ body: AddMasterKeyBody,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> KeysBody {
        try await requireOperator(caller, .keysRotate)
        let new: MasterKey
        do {
            new = try MasterKey(fileContents: body.key.secret.bytes)
        } catch {
            throw .invalidField("key", reason: "64 hexadecimal digits, as they stand in a key's file")
        }
        let ring = ring
        let keys = keys
        let _: String = try await write(.keysRotate, by: caller, once: once) { act in
            try act.connection.refuseDuringRotation()
            let wraps = try act.connection.keyRings()
            guard let old = wraps.first, wraps.count == 1 else { throw VaultError.keys(.twoMasterKeys) }
            guard old.masterKeyID != new.id.text else { throw VaultError.keys(.sameMasterKey) }
            try act.connection.insertKeyRing(
                KeyRingRow(
                    slot: old.slot + 1,
                    masterKeyID: new.id.text,
                    wrapped: ring.wrapped(under: new),
                    createdAt: act.now
                )
            )
            try act.connection.checkWraps([old.masterKeyID, new.id.text], of: ring) {
                $0 == new.id.text ? new : keys.master($0)
            }
            return Done(
                new.id.text,
                AuditEvent(
                    action: .keysRotate,
                    subjects: [AuditSubject(kind: .key, id: new.id.text, name: "master key")],
                    details: [AuditDetail(key: "step", value: "added")]
                )
            )
        }
        keys.hold(new)
        try await mappingErrors {
            // Once more, through another connection: what a start would find.
            try await engine.read { connection in
                let ids = try connection.keyRings().map(\.masterKeyID)
                try connection.checkWraps(ids, of: ring) { keys.master($0) }
            }
        }
        return try await self.keys(by: caller)
    }

    /// Ends the use of the master key `id`, which then opens nothing but backups that were made before.
    ///
    /// Refused unless the server holds the key that is left, and its key file holds it too.
    package func dropMasterKey(_ id: String, by caller: Caller) async throws(VaultError) {
        try await requireOperator(caller, .keysRotate)
        let ring = ring
        let keys = keys
        let inFile = keys.keyInFile
        let left: String = try await write(.keysRotate, by: caller) { act in
            let wraps = try act.connection.keyRings()
            guard let dropped = wraps.first(where: { $0.masterKeyID == id }),
                let left = wraps.first(where: { $0.masterKeyID != id }), wraps.count == 2
            else { throw VaultError.keys(.nothingToDrop) }
            guard keys.master(left.masterKeyID) != nil else { throw VaultError.keys(.keyNotHeld(left.masterKeyID)) }
            try act.connection.checkWraps([left.masterKeyID], of: ring) { keys.master($0) }
            if let file = inFile(), file.text != left.masterKeyID {
                throw VaultError.keys(.keyFileHolds(file.text, needed: left.masterKeyID))
            }
            try act.connection.deleteKeyRing(slot: dropped.slot)
            return Done(
                left.masterKeyID,
                AuditEvent(
                    action: .keysRotate,
                    subjects: [AuditSubject(kind: .key, id: id, name: "master key")],
                    details: [AuditDetail(key: "step", value: "dropped")]
                )
            )
        }
        keys.keepOnly(left)
        // The old wrap is to be gone from the log as well.
        await eraseFromLog()
    }

    /// Refuses whoever is not the machine's operator: these acts concern every workspace of the server.
    ///
    /// The door refuses, so that the attempt is recorded as every other one.
    func requireOperator(_ caller: Caller, _ action: Action) async throws(VaultError) {
        if case .localOperator = caller { return }
        try await read(action, by: caller) { _ in }
        throw .denied(action)
    }
}

extension SQLConnection {
    func refuseDuringRotation() throws {
        if let rotation = try latestRotation(), rotation.endedAt == nil {
            throw VaultError.keys(.rotationUnderWay)
        }
    }

    /// Reads the wraps of the named master keys back and compares what is in them with `ring`.
    func checkWraps(_ ids: [String], of ring: KeyRing, key: (String) -> MasterKey?) throws {
        let wraps = try keyRings()
        for id in ids {
            guard let wrap = wraps.first(where: { $0.masterKeyID == id }), let key = key(id),
                let stored = try? KeyRing(unwrapping: wrap.wrapped, under: key), stored.isSame(as: ring)
            else { throw VaultError.keys(.notReadBack) }
        }
    }

    /// Puts `ring` in the place of the one that is stored, under the one master key that there is.
    ///
    /// The old wrap goes after the new one has been read back, in the same transaction.
    func replaceKeyRing(by ring: KeyRing, keys: HeldKeys, at now: Timestamp) throws {
        let wraps = try keyRings()
        guard let old = wraps.first, wraps.count == 1 else { throw VaultError.keys(.twoMasterKeys) }
        guard let master = keys.master(old.masterKeyID) else { throw VaultError.keys(.keyNotHeld(old.masterKeyID)) }
        let new = KeyRingRow(
            slot: old.slot + 1,
            masterKeyID: old.masterKeyID,
            wrapped: ring.wrapped(under: master),
            createdAt: now
        )
        try insertKeyRing(new)
        guard let wrap = try keyRings().first(where: { $0.slot == new.slot }),
            let stored = try? KeyRing(unwrapping: wrap.wrapped, under: master), stored.isSame(as: ring)
        else { throw VaultError.keys(.notReadBack) }
        try deleteKeyRing(slot: old.slot)
    }
}
