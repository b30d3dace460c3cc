// SPDX-License-Identifier: Apache-2.0

package import APITypes
internal import HTTPTypes
internal import NIOCore
internal import ProviderCatalog
internal import ProxyRules
internal import VaultCore
package import VaultModel

extension Broker {
    /// How much of an answer is looked at for what it says of the key.
    private static let readBytes = 64 << 10
    /// A person waits for the result.
    private static let patience: Duration = .seconds(20)

    /// Asks a credential's provider whether the key is good, with the catalogue's request, which costs nothing.
    ///
    /// It goes the way of every other request: guarded by the credential's own rules, and recorded.
    package func test(_ reference: String, by caller: Caller) async throws(ProxyError) -> CredentialTestBody {
        let grant: ProxyGrant
        do {
            grant = try await vault.proxyGrant(.known(caller), credential: reference)
        } catch .credentialExpired {
            return CredentialTestBody(.expired)
        } catch {
            throw .vault(error)
        }
        guard let test = grant.provider.flatMap(Provider.named)?.test else {
            return CredentialTestBody(.skipped, reason: "the catalogue has no request for this")
        }
        let target: GrantedTarget
        do {
            target = GrantedTarget(try TargetURL(test.url), of: grant)
        } catch {
            throw .targetInvalid(error)
        }
        guard HostDecision(grant.hosts, target: target.url, method: "GET") == .allowed else {
            return CredentialTestBody(.skipped, reason: "the credential's own rules do not lead to the provider")
        }
        var fields: HTTPFields = [.accept: "application/json"]
        for field in test.fields {
            if let name = HTTPField.Name(field.name) { fields[name] = field.value }
        }
        do {
            let admission = try limits.admit(grant.holder, showing: grant.proxyToken)
            let request = OutgoingRequest(method: "GET", fields: fields, patience: Self.patience)
            let answer = try await send(request, to: target, grant, admission)
            var text: [UInt8] = []
            while text.count < Self.readBytes, case .bytes(let bytes) = try await answer.next() {
                text += bytes.readableBytesView
            }
            await answer.abandon()
            return CredentialTestBody(.init(status: answer.status, body: text), status: answer.status)
        } catch {
            guard let error = error as? ProxyError else {
                return CredentialTestBody(.unreachable, reason: ProxyError.badAnswer.reason)
            }
            if case .vault = error { throw error }
            return CredentialTestBody(.unreachable, reason: error.reason)
        }
    }
}

extension CredentialTestBody.Result {
    /// What a provider's answer to the catalogue's request means.
    package init(status: Int, body: [UInt8]) {
        let text = String(decoding: body, as: UTF8.self).lowercased()
        // Some say of a wrong key that the request is wrong.
        let namesTheKey =
            text.contains("invalid")
            && (text.contains("api key") || text.contains("api_key") || text.contains("apikey"))
        self =
            switch status {
            case 200..<300: .ok
            // A key that was made for some purposes only is good, and not for this one.
            case 401 where text.contains("missing_permissions"): .forbidden
            case 401: text.contains("expired") ? .expired : .wrongKey
            case 402: .noCredit
            case 400 where namesTheKey, 403 where namesTheKey, 422 where text.contains("token_invalid"): .wrongKey
            case 403: .forbidden
            case 429: .rateLimited
            default: .failed
            }
    }
}
