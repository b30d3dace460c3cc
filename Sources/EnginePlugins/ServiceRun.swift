// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ServiceLifecycle
internal import UnixSignals

/// Runs a plugin until SIGTERM or SIGINT; then it is told to stop, and what it has under way may finish.
func runUntilTold(_ body: @escaping @Sendable () async throws -> Void) async throws {
    // What the group has to say of signals is nobody's concern.
    let logger = Logger(label: "attache") { _ in SwiftLogNoOpLogHandler() }
    let plugin = ServiceGroupConfiguration.ServiceConfiguration(
        service: RunningPlugin(body: body),
        successTerminationBehavior: .gracefullyShutdownGroup
    )
    try await ServiceGroup(
        configuration: ServiceGroupConfiguration(
            services: [plugin],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
    ).run()
}

private struct RunningPlugin: Service {
    let body: @Sendable () async throws -> Void

    func run() async throws { try await body() }
}
