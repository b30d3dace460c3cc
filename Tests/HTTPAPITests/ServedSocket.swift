// SPDX-License-Identifier: Apache-2.0

import APITypes
import HTTPAPI
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle
import TestSupport
import VaultCore

/// Serves a listener on a Unix socket of the test's own for the length of `body`, and then shuts down gracefully.
func withServedSocket(
    _ listener: Listener,
    processes: ProcessTable = .machine,
    _ body: @escaping @Sendable (_ test: TestVault, _ path: String) async throws -> Void
) async throws {
    let test = try await TestVault.make()
    let directory = try TemporaryDirectory()
    let path = directory.appending("s")
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let (running, whenRunning) = AsyncStream.makeStream(of: Void.self)
    var vault = test.vault
    vault.processes = processes
    let service = try HTTPSurface(vault: vault, backups: test.backups, logger: logger).service(
        for: listener,
        at: .socket(path: path)
    ) { _ in whenRunning.yield() }
    let group = ServiceGroup(configuration: ServiceGroupConfiguration(services: [service], logger: logger))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        for await _ in running { break }
        do {
            try await body(test, path)
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}
