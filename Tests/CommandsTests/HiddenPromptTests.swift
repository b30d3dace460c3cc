// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import Testing
import VaultModel

/// The handlers of signals belong to the process, so one prompt at a time.
@Suite(.serialized)
struct HiddenPromptTests {
    /// Types at a prompt and returns the line, what the terminal showed, and whether it shows typing again.
    private func prompt(
        typing keys: [UInt8],
        limit: Int = 10_000
    ) throws -> (result: Result<[UInt8], CommandError>, shown: String, echoes: Bool) {
        let terminal = try Terminal()
        terminal.type(keys, after: "value: ")
        let result: Result<[UInt8], CommandError>
        do {
            let prompt = HiddenPrompt(terminal: terminal.inner, messages: terminal.inner)
            result = .success(try prompt.line("value: ", limit: limit).withBytes(Array.init))
        } catch {
            result = .failure(error)
        }
        let echoes = terminal.echoes
        return (result, terminal.close(), echoes)
    }

    @Test(arguments: [
        ("secret\n", "secret"), ("secret\r", "secret"), ("abX\u{7F}c\n", "abc"), ("aé\u{7F}b\n", "ab"),
        ("xyz\u{15}b\n", "b"),
        ("\u{7F}a\n", "a"), ("a\u{4}", "a"), ("\n", ""),
    ])
    func aLineIsReadAndNotShown(typed: String, line: String) throws {
        let (result, shown, echoes) = try prompt(typing: Array(typed.utf8))
        #expect(result == .success(Array(line.utf8)))
        #expect(shown == "value: \r\n")
        #expect(echoes)
    }

    @Test func aLineIsNotCutWhereTheTerminalWouldCutIt() throws {
        let typed = [UInt8](repeating: 0x61, count: 9000)
        #expect(try prompt(typing: typed + [0x0A]).result == .success(typed))
    }

    @Test(arguments: [
        ("one\ntwo\n", ValueProblem.severalLines), ("\u{4}", .noLine), ("12345678901\n", .tooLong),
    ])
    func whatIsNotOneLineIsRefusedAndTheTerminalPutBack(typed: String, problem: ValueProblem) throws {
        let (result, shown, echoes) = try prompt(typing: Array(typed.utf8), limit: 10)
        #expect(result == .failure(.value(problem)))
        #expect(shown == "value: \r\n")
        #expect(echoes)
    }

    @Test func whatIsNoTerminalHasNobodyToAsk() throws {
        let descriptor = open("/dev/null", O_RDWR)
        defer { close(descriptor) }
        #expect(throws: CommandError.value(.noLine)) {
            _ = try HiddenPrompt(terminal: descriptor, messages: descriptor).line("value: ", limit: 10)
        }
    }
}
