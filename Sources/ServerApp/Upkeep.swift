// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Logging
internal import ServiceLifecycle
internal import VaultCore

/// Has the vault do what nobody asks for, every few seconds and once more at the end.
struct Upkeep: Service {
    let vault: Vault
    let logger: Logger
    let postman: Postman

    private static let interval: Duration = .seconds(5)

    func run() async throws {
        while !Task.isShuttingDownGracefully {
            await keepUp(isLast: false)
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.interval) }
            } catch {
                break
            }
        }
    }

    /// Does it once; what fails is tried again at the next time.
    func keepUp(isLast: Bool) async {
        do {
            let report = try await vault.upkeep(isLast: isLast)
            for reminder in report.reminders {
                logger.warning(
                    reminder.hasExpired ? "entry has expired" : "entry expires soon",
                    metadata: [
                        "workspace": "\(reminder.workspace)", "entry": "\(reminder.name)",
                        "expires": "\(reminder.expiresAt.rfc3339)",
                    ]
                )
            }
            await postman.remind(report.reminders, of: vault)
            for checkpoint in report.checkpoints { logger.auditCheckpoint(checkpoint) }
            if report.prunedEntries > 0 {
                logger.notice("audit entries removed by retention", metadata: ["entries": "\(report.prunedEntries)"])
            }
        } catch {
            logger.error("upkeep was not done", metadata: ["error": "\(error)"])
        }
    }
}

extension Logger {
    /// The line that shows later, from outside of the database, where the trail was.
    fileprivate func auditCheckpoint(_ checkpoint: AuditCheckpointBody) {
        notice(
            "audit checkpoint",
            metadata: [
                "chain": "\(checkpoint.chain)", "entry": "\(checkpoint.sequence)", "checkpoint": "\(checkpoint.text)",
            ]
        )
    }
}
