// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import VaultCore
internal import VaultModel

/// Says who asks, from what the listener can know.
struct Identity: Sendable {
    let vault: Vault
    let listener: Listener
    var limits = RequestLimits()

    /// The caller of a request; throws an answer of status 401 when nobody can be made out.
    ///
    /// A token that was sent decides, also where the peer's credentials would have done.
    func caller(of request: Request, context: APIContext) async throws -> Caller {
        let workspace = try request.workspace()
        if let token = try request.bearerToken() {
            let caller = try await vault.authenticate(token, in: workspace, from: context.peer)
            if listener == .tcp { try limits.charge(caller) }
            return caller
        }
        switch listener {
        case .operatorSocket: return try await localOperator(context.channel, in: workspace)
        case .tcp: throw VaultError.token(.missing)
        // Never the operator, whatever the peer's uid.
        case .agentSocket: throw VaultError.token(.missing)
        }
    }

    func caller(of reader: RequestReader) async throws -> Caller {
        try await caller(of: reader.request, context: reader.context)
    }

    /// The caller of a request that takes no query; whoever sent one learns that only when known.
    func caller(withoutQuery reader: RequestReader) async throws -> Caller {
        let caller = try await caller(of: reader)
        try reader.noQuery()
        return caller
    }

    /// The machine's operator: root, or the server's own user, in the server's own namespaces.
    ///
    /// A process in a container has the host's uid 0 and is not the operator; a peer whose namespaces cannot be read is
    /// nobody.
    private func localOperator(_ channel: any Channel, in workspace: String?) async throws -> Caller {
        let peer = try? await channel.pipeline.handler(type: PeerOfConnection.self).get()
        guard let peer, let uid = peer.operatorID else {
            await vault.recordRefusal(of: .tokenUse, reason: "operator")
            throw APIFailure(
                .tokenMissing,
                "this process is not the operator of the machine",
                hint: "run as root or as the server's user, outside of containers, or send a token"
            )
        }
        return .localOperator(uid: uid, in: workspace)
    }
}

extension Request {
    /// What `Attache-Workspace` names, percent-encoded as in a path; nil for the personal workspace, or the key's.
    func workspace() throws -> String? {
        let values = headers[values: .attacheWorkspace]
        guard let value = values.first else { return nil }
        guard values.count == 1, let text = value.removingPercentEncoding, (1...512).contains(text.utf8.count) else {
            throw APIFailure(
                .invalidField,
                "one name or id, percent-encoded",
                field: "Attache-Workspace"
            )
        }
        return text
    }

    /// The token of `Authorization: Bearer` (RFC 6750 §2.1); nil when the header is absent.
    ///
    /// Another scheme, or two headers, is an answer of status 401: it is not passed over as if nothing had been sent.
    func bearerToken() throws -> [UInt8]? {
        let values = headers[values: .authorization]
        guard let value = values.first else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: true)
        guard values.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw VaultError.token(.unknown)
        }
        return Array(parts[1].utf8)
    }
}
