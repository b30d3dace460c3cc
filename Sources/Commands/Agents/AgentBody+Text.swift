// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import VaultModel

extension AgentBody {
    /// The agent for people: its fields, then what is attached to it.
    var text: String {
        var fields = FieldList()
        fields.add("name", name)
        fields.add("id", id)
        fields.add("instances", "\(instances) of \(replicas)")
        fields.add("allowed names", allowedNames.joined(separator: ", "))
        fields.add("created", createdAt.localWithZone)
        fields.add("requests this month", requestsThisMonth.map { String($0) })
        fields.add("gateway token", gatewayToken)
        for token in proxyTokens ?? [] {
            let subject = token.provider ?? secrets?.first { $0.id == token.credentialId }?.name ?? ""
            fields.add("proxy token", "\(token.proxyToken) (\(subject))")
        }
        for provider in providers ?? [] {
            fields.add("provider", "\(provider.provider) (\(provider.state.rawValue))")
        }
        guard let secrets, !secrets.isEmpty else { return fields.text }
        var table = Table("NAME", "KIND", "VERSION", "STATE", "ATTACHED")
        for secret in secrets {
            table.add(
                secret.name,
                secret.kind.rawValue,
                String(secret.version),
                secret.state.rawValue,
                secret.attachedAt?.local ?? "-"
            )
        }
        return fields.text + "\n" + table.text
    }
}
