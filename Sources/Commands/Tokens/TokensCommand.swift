// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import VaultModel

struct TokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "Tokens as texts, without a server.",
        discussion: """
            Example:
              attache tokens check --file leaked.txt
            """,
        subcommands: [CheckTokensCommand.self]
    )
}

struct CheckTokensCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Find tokens of Attaché in a text and tell real ones from look-alikes by their checksum.",
        discussion: """
            Asks no server: whether a token still works is not told. Reads stdin, or a file, of at most 16 MiB; shows the \
            last four characters of a token, never more. Exit status: 0 where every candidate is well-formed and there is \
            one, 1 otherwise.

            Examples:
              attache tokens check < .env
              git log -p | attache tokens check
            """
    )

    @Option(help: ArgumentHelp("The text, - for stdin.", valueName: "file"), completion: .file())
    var file = "-"

    @Flag(help: "Print one JSON document; errors as JSON on stderr.")
    var json = false

    func run() async throws {
        let text = try BoundedFile(path: file, limit: 16 << 20).contents()
        let found = text.withBytes { TokenScan(of: $0).found }
        let document = TokenCheckBody(tokens: found)
        try StandardStream.output.write(
            json ? JSONDocument(document).text + "\n" : document.text
        )
        guard !found.isEmpty, found.allSatisfy(\.isWellFormed) else { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}

/// What `attache tokens check` prints.
private struct TokenCheckBody: Encodable {
    let tokens: [TokenScan.Finding]

    var text: String {
        guard !tokens.isEmpty else { return "no token\n" }
        var table = Table("LINE", "KIND", "ENDS IN", "")
        for token in tokens {
            table.add(String(token.line), token.kind, token.hint, token.isWellFormed ? "well-formed" : "wrong checksum")
        }
        return table.text
    }
}

/// Looks for what the pattern of `docs/formats/token.md` finds: a prefix, 49 letters and digits, and then none.
package struct TokenScan {
    package struct Finding: Encodable, Equatable, Sendable {
        package let line: Int
        /// What it is for, such as `workspace key`.
        package let kind: String
        package let hint: String
        package let isWellFormed: Bool
    }

    package private(set) var found: [Finding] = []

    package init(of text: UnsafeRawBufferPointer) {
        let tail = BearerTokenKind.secretDigits + BearerTokenKind.checksumDigits
        var line = 1
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "\n") { line += 1 }
            let isStart = index == 0 || !Self.isWord(text[index - 1])
            let rest = text[index...]
            if isStart, let kind = BearerTokenKind.allCases.first(where: { rest.starts(with: $0.rawValue.utf8) }) {
                let length = kind.rawValue.utf8.count + tail
                let digits = rest.dropFirst(kind.rawValue.utf8.count).prefix(tail)
                let isWhole = digits.count == tail && digits.allSatisfy(Base62.isDigit)
                let after = index + length
                if isWhole, after == text.count || !Self.isWord(text[after]) {
                    let token = rest.prefix(length)
                    found.append(
                        Finding(
                            line: line,
                            kind: kind.label,
                            hint: String(decoding: token.suffix(4), as: UTF8.self),
                            isWellFormed: (try? BearerTokenKind(ofToken: token)) != nil
                        )
                    )
                    index = after
                    continue
                }
            }
            index += 1
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool { Base62.isDigit(byte) || byte == UInt8(ascii: "_") }
}

extension BearerTokenKind {
    fileprivate var label: String {
        switch self {
        case .workspaceKey: "workspace key"
        case .gateway: "gateway token"
        case .proxy: "proxy token"
        case .session: "session"
        case .invitation: "invitation"
        }
    }
}
