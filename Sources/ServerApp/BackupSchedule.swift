// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Logging
internal import ServiceLifecycle
internal import VaultCore
internal import VaultModel

/// Makes the backups that are asked for, and those whose time has come.
struct BackupSchedule: Service {
    let store: BackupStore
    /// Nil makes none but those that are asked for.
    let every: Duration?
    let logger: Logger

    /// How often it is looked whether the time has come: a clock that was set, or a machine that slept, is noticed.
    private static let tick: Duration = .seconds(30)

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await makeWhatIsAskedFor() }
            if let every { group.addTask { try await askInTime(every) } }
            try await group.waitForAll()
        }
    }

    private func makeWhatIsAskedFor() async {
        for await id in store.requests.cancelOnGracefulShutdown() {
            if let error = await store.make(id) {
                logger.error("backup was not made", metadata: ["backup": "\(id)", "error": "\(error.text)"])
            } else {
                logger.notice("backup was made", metadata: ["backup": "\(id)", "folder": "\(store.folder)"])
            }
        }
    }

    private func askInTime(_ every: Duration) async throws {
        var lastTry: Timestamp?
        while !Task.isShuttingDownGracefully {
            let now = SystemWallClock().now
            // After a failure the next try is an hour later, or at the next time if that is sooner.
            let due = [await store.newest().map { $0 + every }, lastTry.map { $0 + min(every, .seconds(3_600)) }]
            if due.allSatisfy({ $0.map { $0 <= now } ?? true }) {
                lastTry = now
                do {
                    try await store.beginScheduled()
                } catch {
                    logger.error("backup was not begun", metadata: ["error": "\(error)"])
                }
            }
            do {
                try await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.tick) }
            } catch {
                return
            }
        }
    }
}
