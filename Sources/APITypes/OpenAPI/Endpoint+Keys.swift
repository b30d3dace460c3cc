// SPDX-License-Identifier: Apache-2.0

extension Endpoint {
    /// The keys of the whole server: for its operator, on the operator's socket.
    static let keys: [Endpoint] = [
        Endpoint(
            .getKeys,
            .get,
            "/api/v1/keys",
            "Show the master keys, the epochs, and how far the last rotation is",
            listeners: [.operatorSocket],
            answer: .ok(.keys, "The keys, by their ids.")
        ),
        Endpoint(
            .addMasterKey,
            .post,
            "/api/v1/keys/master",
            "Let a second master key open the vault; read back and compared before the answer",
            listeners: [.operatorSocket],
            parameters: [.idempotencyKey],
            body: .json(.addMasterKey),
            answer: .made(.keys, "The keys, both master keys among them."),
            errors: [.keysConflict]
        ),
        Endpoint(
            .dropMasterKey,
            .delete,
            "/api/v1/keys/master/{id}",
            "Give up the old master key; refused unless the key that is left is in the server's key file",
            listeners: [.operatorSocket],
            answer: .done,
            errors: [.keysConflict]
        ),
        Endpoint(
            .beginRotation,
            .post,
            "/api/v1/keys/rotations",
            "Begin to replace the epoch key or one user's keys, beside other requests",
            listeners: [.operatorSocket],
            parameters: [.idempotencyKey],
            body: .json(.rotateKeys),
            answer: .made(.rotation, "The rotation; `GET /keys` shows how far it is."),
            errors: [.keysConflict]
        ),
        Endpoint(
            .shredUser,
            .post,
            "/api/v1/keys/shred",
            "Destroy a user's keys, and with them all that was ever sealed for the user",
            listeners: [.operatorSocket],
            parameters: [.idempotencyKey],
            body: .json(.shredUser),
            answer: .ok(.shredded, "What was destroyed."),
            errors: [.keysConflict]
        ),
        Endpoint(
            .verifyVault,
            .get,
            "/api/v1/keys/verify",
            "Open every record and verify every code and audit chain",
            listeners: [.operatorSocket],
            answer: .ok(.verification, "What was found.")
        ),
    ]
}

extension Endpoint {
    /// The backups of the whole server: for its operator, on the operator's socket.
    static let backups: [Endpoint] = [
        Endpoint(
            .listBackups,
            .get,
            "/api/v1/backups",
            "List the backups in the server's folder, oldest first, and the one that is being made",
            listeners: [.operatorSocket],
            answer: .ok(.backupList, "The backups.")
        ),
        Endpoint(
            .beginBackup,
            .post,
            "/api/v1/backups",
            "Begin to make a backup, beside other requests",
            listeners: [.operatorSocket],
            parameters: [.idempotencyKey],
            answer: .made(.backupInProgress, "The backup; `GET /backups` shows how far it is."),
            errors: [.keysConflict]
        ),
    ]
}
