// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Commands
import Foundation
import Testing
import VaultModel

struct ValueTests {
    private func options(_ arguments: String...) throws -> ValueOptions { try ValueOptions.parse(arguments) }

    /// Reads a value from a file with these bytes.
    private func value(of bytes: [UInt8], _ flags: String...) throws -> [UInt8] {
        let path = "/tmp/attache-value-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let options = try ValueOptions.parse(["--value-file", path] + flags)
        let secret = try options.read(from: options.source(standardInputIsTerminal: true), name: "A")
        return secret.bytes.withBytes(Array.init)
    }

    @Test func aTerminalIsAskedAndAnythingElseIsRead() throws {
        #expect(try options().source(standardInputIsTerminal: true) == .prompt)
        #expect(try options().source(standardInputIsTerminal: false) == .file(path: "-"))
        #expect(try options("--value-file", "-").source(standardInputIsTerminal: true) == .file(path: "-"))
        #expect(try options("--value", "v").source(standardInputIsTerminal: true) == .argument)
    }

    @Test(arguments: [
        ("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), ("\na", "\na"), (" a \n", " a "), ("a\r", "a\r"),
    ])
    func oneLineBreakAtTheEndIsDropped(written: String, stored: String) throws {
        #expect(try value(of: Array(written.utf8)) == Array(stored.utf8))
        #expect(try value(of: Array(written.utf8), "--keep-newline") == Array(written.utf8))
    }

    @Test func anEmptyValueIsASlipUnlessItIsAskedFor() throws {
        #expect(throws: CommandError.value(.empty)) { _ = try value(of: []) }
        #expect(throws: CommandError.value(.empty)) { _ = try value(of: Array("\n".utf8)) }
        #expect(try value(of: [], "--allow-empty") == [])
        #expect(try options("--value", "").read(from: .argument, name: "A").bytes.isEmpty)
    }

    @Test func aValueIsAsLongAsAProcessCanReceive() throws {
        let longest = [UInt8](repeating: 0x61, count: EnvironmentValue.maximumStringBytes)
        #expect(try value(of: longest + [0x0A]) == longest)
        #expect(throws: CommandError.value(.tooLong)) { _ = try value(of: longest + [0x61]) }
        #expect(throws: CommandError.value(.tooLong)) { _ = try value(of: longest + longest) }
    }

    @Test func aValueIsText() throws {
        #expect(throws: CommandError.value(.notUTF8)) { _ = try value(of: [0xFF, 0xFE]) }
        #expect(try value(of: Array("日\t\u{1}".utf8)) == Array("日\t\u{1}".utf8))
    }

    @Test func aFileThatCannotBeReadIsNamed() throws {
        let options = try options("--value-file", "/nonexistent/key")
        let error = CommandError.unreadableFile(path: "/nonexistent/key", reason: "No such file or directory")
        #expect(throws: error) { _ = try options.read(from: .file(path: "/nonexistent/key"), name: "A") }
        #expect(throws: CommandError.unreadableFile(path: "/tmp", reason: "Is a directory")) {
            _ = try options.read(from: .file(path: "/tmp"), name: "A")
        }
    }
}
