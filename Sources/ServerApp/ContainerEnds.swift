// SPDX-License-Identifier: Apache-2.0

internal import ServiceLifecycle
internal import VaultCore

/// Has the vault end containers as their processes end.
struct ContainerEnds: Service {
    let vault: Vault

    func run() async throws {
        await cancelWhenGracefulShutdown { await vault.endContainersAsTheyStop() }
    }
}
