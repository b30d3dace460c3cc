// SPDX-License-Identifier: Apache-2.0

package import APITypes
package import VaultModel

extension Vault {
    /// Takes `.env` files and archives of them into the vault: every entry in one transaction, or none.
    ///
    /// A dry run answers with the plan and changes nothing. Values are in no answer.
    package func importFiles(
        _ request: ImportRequest,
        by caller: Caller,
        once: Once? = nil
    ) async throws(VaultError) -> ImportBody {
        // Nothing is expanded and read for somebody who may not import.
        try await read(.entryImport, by: caller) { _ in }
        let bundles = try await ImportBundles(reading: request)
        if request.isDryRun {
            return try await read(.entryImport, by: caller) { act in
                try ImportPlan(of: bundles, request: request, act: act).body(isApplied: false)
            }
        }
        let imported: Imported = try await write(.entryImport, by: caller, once: once) { act in
            let plan = try ImportPlan(of: bundles, request: request, act: act)
            if let planID = request.planID, planID != plan.id { throw VaultError.planChanged }
            guard plan.conflicts.isEmpty else { throw VaultError.importConflict(plan.conflicts) }
            return try plan.apply()
        }
        if imported.erasedReadable { await eraseFromLog() }
        return imported.body
    }
}

/// What an import did.
struct Imported: Codable, Sendable {
    var body: ImportBody
    /// Whether a variable's readable value was replaced.
    var erasedReadable: Bool
}
