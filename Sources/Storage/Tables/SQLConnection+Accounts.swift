// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    /// Throws ``StorageFailure/constraint`` when the user has an account, or the address belongs to another.
    package func insertAccount(_ row: AccountRow) throws(StorageFailure) { try insert(row) }

    /// Writes the password's hash and when it was changed.
    package func updateAccount(_ row: AccountRow) throws(StorageFailure) {
        try execute(
            "UPDATE accounts SET password_hash = $1, changed_at = $2, row_code = $3 WHERE user_id = $4",
            [.blob(row.passwordHash), .integer(row.changedAt.milliseconds), .blob(row.rowCode), .text(row.userID.text)]
        )
    }

    package func deleteAccount(of user: UserID) throws(StorageFailure) {
        try execute("DELETE FROM accounts WHERE user_id = $1", [.text(user.text)])
    }

    package func account(of user: UserID) throws(StorageFailure) -> AccountRow? {
        try selectOne("WHERE user_id = $1", [.text(user.text)])
    }

    package func account(email: EmailAddress) throws(StorageFailure) -> AccountRow? {
        try selectOne("WHERE email = $1", [.text(email.text)])
    }

    package func allUsers() throws(StorageFailure) -> [UserRow] {
        try select("ORDER BY created_at, id", [])
    }

    package func updateUser(_ row: UserRow) throws(StorageFailure) {
        try execute(
            "UPDATE users SET name = $1, row_code = $2 WHERE id = $3",
            [.text(row.name), .blob(row.rowCode), .text(row.id.text)]
        )
    }
}
