// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Storage
internal import VaultModel

#if canImport(FoundationEssentials)
    internal import FoundationEssentials
#else
    internal import Foundation
#endif

extension Act {
    /// How long a reply is kept for a repeated request.
    static let replyLifetime: Duration = .seconds(24 * 60 * 60)

    /// The answer that the same request got before; throws when the key came with another request.
    func earlierReply<R: Decodable>(to once: Once) throws -> R? {
        try connection.deleteIdempotency(before: now + (.zero - Self.replyLifetime))
        guard let row = try connection.idempotency(workspace, caller: callerLabel, key: once.key) else { return nil }
        guard ring.isFingerprint(row.fingerprint, of: once.request, workspace: workspace) else {
            throw VaultError.idempotencyKeyReused
        }
        let reply = try ring.openReply(row.reply, workspace: workspace, label: label(of: once))
        return try JSONDecoder().decode(R.self, from: Data(reply))
    }

    /// Keeps the answer, sealed: it may hold a token that is shown once.
    func remember(_ reply: some Encodable, as once: Once) throws {
        let bytes = try [UInt8](JSONEncoder().encode(reply))
        try connection.insertIdempotency(
            IdempotencyRow(
                workspaceID: workspace,
                caller: callerLabel,
                key: once.key,
                fingerprint: ring.requestFingerprint(once.request, workspace: workspace),
                reply: ring.sealReply(bytes, workspace: workspace, label: label(of: once)),
                createdAt: now
            )
        )
    }

    private var callerLabel: String {
        token.map { "token:\($0.text)" } ?? "user:\(member.user.text)"
    }

    private var token: TokenID? { member.token }

    private func label(of once: Once) -> String { replyLabel(caller: callerLabel, key: once.key) }
}

/// What a kept answer is bound to, beside its workspace.
func replyLabel(caller: String, key: String) -> String { "\(caller)/\(key)" }
