// SPDX-License-Identifier: Apache-2.0

package import APIClient
internal import APITypes
internal import VaultModel

/// What the server tells about itself and the workspace.
package struct ServerChecks {
    private let server: APIClient

    package init(_ server: APIClient) {
        self.server = server
    }

    /// Every check; where the server does not answer, only what says so.
    package func all() async -> [Check] {
        do {
            let health = try await server.readiness()
            var checks = [Check("server", .ok, health.status)]
            let status: WorkspaceStatusBody
            do {
                status = try await server.status()
            } catch {
                return checks + [failed("access", error)]
            }
            checks.append(Check("access", .ok, "\(status.role.rawValue) of \(status.workspace.name)"))
            checks.append(versions(status))
            checks += StatusChecks(status: status, now: SystemWallClock().now).all
            if case .socket = server.address { checks.append(await backups()) }
            checks.append(staleAgents(status))
            checks.append(await damagedEntries())
            checks.append(await auditTrail())
            return checks
        } catch {
            return [failed("server", error)]
        }
    }

    private func failed(_ name: String, _ error: APIClientError) -> Check {
        let failure = Failure(error)
        return Check(name, .fail, failure.text, hint: failure.hint)
    }

    private func versions(_ status: WorkspaceStatusBody) -> Check {
        let detail = "server \(status.server.version), attache \(ProductVersion.text)"
        guard status.server.version == ProductVersion.text else {
            return Check("versions", .warn, detail, hint: "use the same version of both")
        }
        return Check("versions", .ok, detail)
    }

    private func staleAgents(_ status: WorkspaceStatusBody) -> Check {
        guard !status.staleAgents.isEmpty else { return Check("agents", .ok, "none needs a restart") }
        return Check(
            "agents",
            .warn,
            "not on current versions: \(status.staleAgents.map(\.name).joined(separator: ", "))",
            hint: "attache agents restart \(status.staleAgents[0].name), or restart its containers;"
                + " attache agents show \(status.staleAgents[0].name) says what is old"
        )
    }

    private func damagedEntries() async -> Check {
        let name = "entries"
        do {
            let page = try await Page.collecting(upTo: .max) { limit, cursor in
                let page = try await server.secrets(limit: limit, cursor: cursor)
                return Page(items: page.secrets, next: page.nextCursor)
            }
            let damaged = page.items.filter { !$0.intact }.map(\.name)
            guard damaged.isEmpty else {
                return Check(
                    name,
                    .fail,
                    "damaged: \(damaged.joined(separator: ", "))",
                    hint: "write them anew with attache secrets update, or restore a backup"
                )
            }
            return Check(name, .ok, "\(page.items.count), all intact")
        } catch let error as APIClientError {
            return failed(name, error)
        } catch {
            return Check(name, .fail, "they cannot be listed")
        }
    }

    private func backups() async -> Check {
        let name = "backups"
        do {
            return StatusChecks.backups(try await server.backups(), now: SystemWallClock().now)
        } catch {
            return failed(name, error)
        }
    }

    private func auditTrail() async -> Check {
        let name = "audit trail"
        do {
            let result = try await server.verifyAudit()
            guard result.intact else {
                let failure = Failure(.auditDamaged)
                return Check(name, .fail, result.problem ?? failure.text, hint: failure.hint)
            }
            return Check(name, .ok, "\(result.entries) entries, intact")
        } catch {
            return failed(name, error)
        }
    }
}
