// SPDX-License-Identifier: Apache-2.0

// `key_rings`: the wraps of the one key ring. Two while the master key is being replaced, so that either key opens it.

extension SQLConnection {
    package func keyRings() throws(StorageFailure) -> [KeyRingRow] {
        try select("ORDER BY slot", [])
    }

    package func insertKeyRing(_ row: KeyRingRow) throws(StorageFailure) { try insert(row) }

    package func deleteKeyRing(slot: Int64) throws(StorageFailure) {
        try execute("DELETE FROM key_rings WHERE slot = $1", [.integer(slot)])
    }
}
