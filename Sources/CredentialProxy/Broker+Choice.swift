// SPDX-License-Identifier: Apache-2.0

internal import ProviderCatalog
internal import ProxyRules
internal import VaultCore

extension Broker {
    /// How much of an answer is looked at for what it says of the key.
    private static let readBytes = 16 << 10

    /// Sends a request with the first of several keys of a provider; while the provider refuses one and the body is still
    /// whole, with the next.
    ///
    /// A key that may not go to the target is passed over, one that was refused rests for a while. Every attempt is
    /// recorded with its number.
    func forward(
        _ request: OutgoingRequest,
        by route: ProxyRoute,
        choosing grants: [ProxyGrant],
        _ admission: Admission?
    ) async throws(ProxyError) -> ProxyAnswer {
        var targets: [ProxyGrant.Use: (grant: ProxyGrant, target: GrantedTarget)] = [:]
        for grant in grants {
            guard let target = try? route.target(of: grant),
                HostDecision(grant.hosts, target: target.url, method: request.method) == .allowed
            else { continue }
            targets[grant.use] = (grant, target)
        }
        let chosen = rests.awake(among: grants.map(\.use).filter { targets[$0] != nil }).compactMap { targets[$0] }
        guard let last = chosen.last else {
            // None of them may go there: the preferred one says why.
            return try await forward(request, by: route, with: grants[0], admission)
        }
        let request = chosen.count > 1 ? try await bodies.keeping(request) : request
        for (index, (grant, target)) in chosen.dropLast().enumerated() {
            let attempt = try await send(request, to: target, grant, admission, number: index + 1)
            let (answer, verdict) = await judged(attempt, with: grant)
            rests.note(verdict, on: grant.use)
            guard case .refused = verdict, request.isRepeatable else {
                return try await answer.limited(to: grant.response)
            }
            await answer.abandon(as: "next_key")
        }
        let attempt = try await send(request, to: last.target, last.grant, admission, number: chosen.count)
        let (answer, verdict) = await judged(attempt, with: last.grant)
        rests.note(verdict, on: last.grant.use)
        return try await answer.limited(to: last.grant.response)
    }

    /// What an answer says of the key; its beginning is read only where the catalogue knows that it may say something.
    private func judged(_ answer: ProxyAnswer, with grant: ProxyGrant) async -> (ProxyAnswer, KeyVerdict) {
        let provider = grant.provider.flatMap(Provider.named)
        var answer = answer
        var beginning = ""
        if let provider, provider.refusals.contains(where: { $0.status == answer.status }) {
            beginning = await answer.readAhead(upTo: Self.readBytes)
        }
        return (
            answer,
            KeyVerdict(status: answer.status, fields: answer.fields, beginning: beginning, provider: provider)
        )
    }
}
