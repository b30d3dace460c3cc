// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import Testing

struct DoctorTests {
    @Test func aWarningIsNoFailure() {
        #expect(Diagnosis([Check("a", .ok, "x"), Check("b", .warn, "y"), Check("c", .skip, "z")]).ok)
        #expect(!Diagnosis([Check("a", .ok, "x"), Check("b", .fail, "y")]).ok)
    }

    @Test func hintsFollowTheTable() {
        let diagnosis = Diagnosis([
            Check("socket", .ok, "fine"), Check("key", .fail, "open\u{1B}", hint: "chmod 600 k"),
        ])
        #expect(
            diagnosis.text == """
                CHECK   RESULT  DETAIL
                socket  ok      fine
                key     fail    open\\u{1b}

                hint: key: chmod 600 k

                """
        )
        #expect(
            JSONDocument(diagnosis).text == #"{"checks":[{"detail":"fine","name":"socket","result":"ok"},"#
                + #"{"detail":"open\u001b","hint":"chmod 600 k","name":"key","result":"fail"}],"ok":false}"#
        )
    }

    /// An ELF file with one program header of each type.
    private func program(_ types: [UInt8], magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 2, 1]) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 64)
        header.replaceSubrange(0..<magic.count, with: magic)
        header[32] = 64
        header[54] = 56
        header[56] = UInt8(types.count)
        return header + types.flatMap { [$0] + [UInt8](repeating: 0, count: 55) }
    }

    @Test func aProgramWithAnInterpreterIsNotStatic() throws {
        #expect(ProgramFile(beginning: program([1, 3, 2])) == .dynamic)
        #expect(ProgramFile(beginning: program([1, 2])) == .static)
        let shell = try Data(contentsOf: URL(fileURLWithPath: "/bin/sh")).prefix(8192)
        #expect(ProgramFile(beginning: Array(shell)) == .dynamic)
    }

    @Test func whatIsNoProgramIsToldApart() {
        #expect(ProgramFile(beginning: Array("#!/bin/sh\n".utf8)) == .notELF)
        #expect(ProgramFile(beginning: []) == .notELF)
        #expect(ProgramFile(beginning: Array(program([1, 2]).dropLast())) == .notELF)
        #expect(ProgramFile(beginning: program([1], magic: [0x7F, 0x45, 0x4C, 0x46, 1, 1])) == .notELF)
        var overflowing = program([1])
        overflowing.replaceSubrange(32..<40, with: [UInt8](repeating: 0xFF, count: 8))
        #expect(ProgramFile(beginning: overflowing) == .notELF)
    }

    @Test(arguments: [
        ("Max core file size        0                    unlimited            bytes", UInt64?(0)),
        ("Max cpu time   1 2 s\nMax core file size        unlimited  unlimited   bytes", .max),
        ("Max core file size        1024   0  bytes\n", 1024), ("Max cpu time   1 2 s", nil), ("", nil),
    ])
    func theLimitOfCoreFilesIsReadFromProc(limits: String, bytes: UInt64?) {
        #expect(ServerProcess.coreLimit(in: limits) == bytes)
    }
}

struct LocalChecksTests {
    private func check(_ name: String, environment: [String: String], socket: String) throws -> Check {
        let settings = try ClientSettings(socket: socket, environment: environment, userID: 1000)
        let checks = LocalChecks(settings: settings, environment: environment, userID: 1000).all
        return try #require(checks.first { $0.name == name })
    }

    @Test(arguments: [(0o600, Check.Result.ok), (0o400, .ok), (0o640, .fail), (0o604, .fail)])
    func aMasterKeyThatOthersMayReadIsAFailure(mode: Int, result: Check.Result) throws {
        let path = "/tmp/attache-key-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: mode]))
        let check = try check("master key file", environment: ["ATTACHE_MASTER_KEY_FILE": path], socket: "/nonexistent")
        #expect(check.result == result)
    }

    @Test func aSocketThatIsMissingIsAFailureForTheOperatorAndAWarningForAgents() throws {
        #expect(try check("operator's socket", environment: [:], socket: "/nonexistent").result == .fail)
        #expect(try check("operator's socket", environment: [:], socket: "/dev/null").result == .fail)
        #expect(try check("agents' socket", environment: [:], socket: "/nonexistent/a.sock").result == .warn)
        #expect(try check("core files", environment: [:], socket: "/nonexistent").result == .skip)
    }
}
