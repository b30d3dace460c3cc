// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import APITypes
internal import ArgumentParser

struct TestCredentialCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Ask a credential's provider whether the key is good.",
        discussion: """
            Sends the request that the catalogue has for the provider, which costs nothing, through the proxy. Answers ok, \
            wrong_key, expired, forbidden, no_credit, rate_limited, unreachable or failed; skipped where the catalogue has no \
            such request. The exit status is 0 for ok and skipped.

            Example:
              attache credentials test Anthropic
            """
    )

    @OptionGroup var client: ClientOptions

    @Argument(help: "The credential's name or id.")
    var name: String

    func run() async throws {
        let test = try await client.withServer { try await $0.testCredential(name) }
        try client.show(test) { "\(name.printable): \(test.result.text)\(test.shownReason)\n" }
        switch test.result {
        case .ok, .skipped: return
        case .wrongKey, .expired, .forbidden, .noCredit, .rateLimited, .unreachable, .failed:
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }
}

extension CredentialTestBody {
    fileprivate var shownReason: String {
        let parts = [status.map { "status \($0)" }, reason].compactMap(\.self)
        return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ").printable))"
    }
}

extension CredentialTestBody.Result {
    fileprivate var text: String {
        switch self {
        case .ok: "the key is good"
        case .wrongKey: "the key is wrong"
        case .expired: "the key has expired"
        case .forbidden: "the key is known and may not do this"
        case .noCredit: "the key is good and has no credit left"
        case .rateLimited: "the key is good and is limited for now"
        case .unreachable: "the provider cannot be reached"
        case .failed: "the provider does not say"
        case .skipped: "not tested"
        }
    }
}
