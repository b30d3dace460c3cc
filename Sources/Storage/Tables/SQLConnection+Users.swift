// SPDX-License-Identifier: Apache-2.0

package import VaultModel

extension SQLConnection {
    package func insertUser(_ row: UserRow) throws(StorageFailure) { try insert(row) }

    package func user(_ id: UserID) throws(StorageFailure) -> UserRow? {
        try selectOne("WHERE id = $1", [.text(id.text)])
    }

    /// Everybody of that name.
    package func users(named name: String) throws(StorageFailure) -> [UserRow] {
        try select("WHERE name = $1 ORDER BY id", [.text(name)])
    }

    /// The oldest user, who is the operator of the machine.
    package func firstUser() throws(StorageFailure) -> UserRow? {
        try selectOne("ORDER BY created_at, id LIMIT 1", [])
    }
}
