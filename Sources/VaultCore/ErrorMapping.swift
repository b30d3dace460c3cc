// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Sealing
internal import Storage

/// Runs `body` and turns every error of a lower layer into the vault's own: the one place where that is decided.
func mappingErrors<R: Sendable>(
    _ body: () async throws -> R
) async throws(VaultError) -> R {
    do {
        return try await body()
    } catch let error as VaultError {
        throw error
    } catch let failure as StorageFailure {
        throw VaultError(failure)
    } catch is SealingError {
        throw .integrity(entry: nil)
    } catch is AuditError {
        throw .auditUnavailable
    } catch {
        // A cancelled task, or a JSON encoder's failure on the vault's own types.
        throw .storage(.unavailable)
    }
}
