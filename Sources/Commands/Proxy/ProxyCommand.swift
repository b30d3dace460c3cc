// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser

struct ProxyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "Call an API through the proxy, and see what was called.",
        discussion: """
            Examples:
              attache proxy pxr_… https://api.resend.com/emails --data '{"to": "…"}'
              attache proxy log --follow
            """,
        subcommands: [ProxyRequestCommand.self, ProxyLogCommand.self],
        defaultSubcommand: ProxyRequestCommand.self
    )
}
