// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Logging
internal import ServiceLifecycle
internal import VaultCore
internal import VaultModel

/// Carries on with the rotation of keys that is under way, from the server's start on.
struct KeyRotation: Service {
    let vault: Vault
    let logger: Logger

    func run() async throws {
        for await _ in vault.rotations.cancelOnGracefulShutdown() {
            while !Task.isShuttingDownGracefully, try await advances() {}
        }
    }

    /// Takes one step; false when there is none.
    private func advances() async throws -> Bool {
        do {
            guard let rotation = try await vault.advanceRotation() else { return false }
            guard let endedAt = rotation.endedAt else { return true }
            logger.notice(
                "rotation of keys ended",
                metadata: [
                    "rotation": "\(rotation.id)", "phase": "\(rotation.phase)", "damaged": "\(rotation.damaged)",
                    "milliseconds": "\(endedAt.milliseconds - rotation.startedAt.milliseconds)",
                ]
            )
            return true
        } catch {
            // A full disk and a busy store go away; a store that failed for good ends the server elsewhere. The state is
            // in the database: trying again is always safe.
            logger.error("rotation of keys waits", metadata: ["error": "\(error)"])
            return await waits()
        }
    }

    /// Waits before the next try; false when the server stops.
    private func waits() async -> Bool {
        do {
            try await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(5)) }
            return true
        } catch {
            return false
        }
    }
}
