// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc

/// Where a gateway token goes instead of the terminal.
struct TokenFileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Write the token into this file, for its owner only, and do not show it.",
            valueName: "file"
        ),
        completion: .file()
    )
    var tokenFile: String?

    /// What people are told behind the answer.
    var note: String {
        guard let tokenFile else {
            return "the gateway token is not shown again; attache-exec takes it as ATTACHE_GATEWAY_TOKEN"
        }
        return "the gateway token is in \(tokenFile.printable); attache-exec takes it as ATTACHE_GATEWAY_TOKEN_FILE"
    }

    /// Does `act`, which makes a token, and writes the token of its answer into the file.
    ///
    /// The file is made before the token is, so that a place that cannot be written costs none. One that is there
    /// already is `replaced`, or the act is refused.
    func keep<Answer>(
        _ token: (Answer) -> String?,
        replacing: Bool,
        of act: () async throws -> Answer
    ) async throws -> Answer {
        guard let tokenFile else { return try await act() }
        if !replacing, access(tokenFile, F_OK) == 0 {
            throw CommandError.usage("\(tokenFile.printable) is there already", hint: "name another file, or remove it")
        }
        let file = try PrivateFile(at: tokenFile)
        let answer = try await act()
        if let text = token(answer) { try file.write(Array("\(text)\n".utf8), replacing: replacing) }
        return answer
    }
}
