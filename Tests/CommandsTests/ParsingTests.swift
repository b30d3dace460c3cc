// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Commands
import Testing

struct ParsingTests {
    @Test(arguments: [
        "secrets list --json --limit 3 --match x --kind variable", "secrets show A", "secrets create A",
        "secrets create A --kind variable --value v --provider p --note n --expires 30d",
        "secrets create A --value-file f",
        "secrets update A --no-value --note n", "secrets update A --if-version 3", "secrets delete A",
        "secrets import a b - --kind guess --dry-run --on-existing skip --attach bot --strict --accept W_DOLLAR",
        "secrets import a b --plan p --check --allow-empty", "secrets import a.zip --merge x,y --bundle x --no-review",
        "secrets import a --dialect compose --format env", "secrets import a --interpolate file --format yaml",
        "secrets import a --review", "secrets export --variables --dialect docker", "agents list",
        "agents check bot --example .env.example", "agents check bot --example - --dialect node",
        "agents create bot --secret A --secret B",
        "agents show bot", "agents update bot --replicas 2", "agents update bot --allow-none", "agents remove bot",
        "agents attach bot A B", "agents detach bot A", "agents instances bot --limit 2", "agents restart bot --wait",
        "credentials revoke work", "credentials list --revoked",
        "gateway-token rotate bot --now",
        "gateway-token rotate bot --grace 15m", "api-keys create --name n --role admin --expires 2027-01-31T00:00:00Z",
        "api-keys list", "api-keys revoke id", "exec bot -- env --json", "exec --agent-socket s bot -- env", "status",
        "doctor --json", "audit list", "audit verify", "audit export --socket s",
    ])
    func aCommandOfTheContractIsUnderstood(line: String) async throws {
        _ = try await AttacheCommand.asyncParseAsRoot(line.split(separator: " ").map(String.init))
    }

    @Test(arguments: [
        "frobnicate", "secrets frobnicate", "secrets create", "secrets create A --kind credential",
        "secrets create A --value v --value-file f", "secrets update A --no-value",
        "secrets update A --no-value --value v",
        "secrets list --limit 0", "secrets import", "secrets import a a", "secrets import - -",
        "secrets import a --review --dry-run", "secrets import a --review --json",
        "agents attach bot",
        "agents update bot", "agents update bot --allow-none --allow-name PATH",
        "gateway-token rotate bot --now --grace 1h",
        "gateway-token rotate bot --grace 15", "api-keys create", "api-keys create --name n --role king", "exec bot",
        "exec bot env", "exec bot --", "exec bot --env-file .env", "exec bot --env-file=.env -- env",
        "agents restart", "status --frobnicate", "secrets export", "agents check bot",
    ])
    func whatIsNoCommandIsWrongUsageAndSaysWhereToLook(line: String) async throws {
        do {
            _ = try await AttacheCommand.asyncParseAsRoot(line.split(separator: " ").map(String.init))
            Issue.record("it was accepted")
        } catch {
            let failure = try #require(Failure(error))
            #expect(failure.status == .usage)
            #expect(failure.text.first?.isUppercase == false)
            #expect(failure.text.last != ".")
            #expect(failure.hint?.hasPrefix("see attache") == true)
            #expect(failure.json.contains(#""code":"usage""#))
        }
    }

    @Test(arguments: ["secrets create NAME canary", "secrets update NAME canary", "secrets create NAME -- canary"])
    func aValueInTheWrongPlaceIsNotRepeated(line: String) async throws {
        do {
            _ = try await AttacheCommand.asyncParseAsRoot(line.split(separator: " ").map(String.init))
            Issue.record("it was accepted")
        } catch {
            let failure = try #require(Failure(error))
            #expect(failure.status == .usage)
            #expect(!(failure.lines + failure.json).contains("canary"))
        }
    }

    @Test func everyCommandHasAnExample() {
        var commands: [any ParsableCommand.Type] = [AttacheCommand.self]
        var seen = 0
        while let command = commands.popLast() {
            let configuration = command.configuration
            commands += configuration.subcommands + configuration.groupedSubcommands.flatMap(\.subcommands)
            seen += 1
            // The server's command is documented with the server.
            guard configuration.commandName != "serve" else { continue }
            #expect(!configuration.abstract.isEmpty)
            #expect(configuration.discussion.contains("  attache "), "\(configuration.commandName ?? "")")
        }
        #expect(seen > 25)
    }

    @Test(arguments: [
        (["status", "--json"], true), (["--json"], true), (["exec", "bot", "--", "x", "--json"], false),
        (["exec", "--json", "bot", "--", "x"], true), (["status"], false), ([], false),
    ])
    func errorsAreJSONWhereTheCommandLineSaysSo(arguments: [String], isJSON: Bool) {
        #expect(CommandLineRun.wantsJSON(arguments) == isJSON)
    }

    @Test(arguments: [("0s", 0), ("90s", 90), ("15m", 900), ("1h", 3600), ("30d", 2_592_000), ("2w", 1_209_600)])
    func aSpanOfTimeHasAUnit(text: String, seconds: Int64) {
        #expect(TimeSpan(argument: text)?.seconds == seconds)
    }

    @Test(arguments: ["", "h", "15", "-1h", "+1h", "1.5h", "1 h", "1y", "9999999999d", "١h"])
    func whatIsNoSpanOfTimeIsRefused(text: String) {
        #expect(TimeSpan(argument: text) == nil)
    }
}
