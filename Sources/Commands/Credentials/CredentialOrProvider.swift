// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

/// What an agent is given: one credential, or a provider of which it gets whichever credential is preferred.
struct CredentialOrProvider: ParsableArguments {
    @Argument(help: "The credential's name or id.")
    var name: String?

    @Option(
        help: ArgumentHelp(
            "In place of one credential all of this provider: the proxy chooses for every call.",
            valueName: "id"
        )
    )
    var provider: String?

    func validate() throws {
        guard (name == nil) != (provider == nil) else {
            throw ValidationError("name a credential, or a provider with --provider")
        }
    }

    /// As people wrote it.
    var shown: String { (name ?? provider ?? "").printable }
}
