// SPDX-License-Identifier: Apache-2.0

import APITypes
import Commands
import Foundation
import Testing
import VaultModel

struct DoctorTests {
    @Test func aWarningIsNoFailure() {
        #expect(Diagnosis([Check("a", .ok, "x"), Check("b", .warn, "y"), Check("c", .skip, "z")]).ok)
        #expect(!Diagnosis([Check("a", .ok, "x"), Check("b", .fail, "y")]).ok)
    }

    private func status(_ change: (inout WorkspaceStatusBody) -> Void) -> [Check] {
        var body = WorkspaceStatusBody(
            workspace: WorkspaceUsageBody(
                id: "w",
                name: "personal",
                plan: .selfHosted,
                usage: UsageBody(credentials: 0, agents: 0, requestsThisMonth: 0),
                limits: LimitsBody()
            ),
            role: .owner,
            secrets: 0,
            agents: 0,
            attachments: 0,
            liveInstances: 0,
            staleAgents: [],
            server: ServerBody(version: "1", masterKeyId: "k", activeEpoch: 1, storage: "s")
        )
        change(&body)
        return StatusChecks(status: body, now: Timestamp(milliseconds: 1_000_000_000)).all
    }

    @Test(arguments: [(Int64(0), Check.Result.ok), (30_000, .ok), (31_000, .warn), (-31_000, .warn)])
    func clocksThatDifferAreTold(milliseconds: Int64, result: Check.Result) {
        let checks = status { $0.server.time = Timestamp(milliseconds: 1_000_000_000 + milliseconds) }
        #expect(checks.first { $0.name == "clock" }?.result == result)
    }

    @Test(arguments: [(Int64(63), Check.Result.fail), (400, .warn), (600, .warn), (20_000, .ok)])
    func aDiskThatIsNearlyFullIsTold(mebibytes: Int64, result: Check.Result) {
        let checks = status { body in
            body.server.freeBytes = mebibytes << 20
            body.server.totalBytes = 100_000 << 20
        }
        #expect(checks.first { $0.name == "disk" }?.result == result)
    }

    @Test(arguments: [(ExpiryState.expired, Check.Result.fail), (.expiring, .warn), (.expiringSoon, .warn)])
    func entriesThatEndAreToldWithTheCommandThatMendsIt(state: ExpiryState, result: Check.Result) {
        let time = Timestamp(milliseconds: 1_000_000_000)
        let checks = status { $0.expiring = [ExpiringBody(id: "i", name: "KEY", expiresAt: time, expiry: state)] }
        let check = checks.first { $0.name == "expiry" }
        #expect(check?.result == result)
        #expect(check?.hint?.hasPrefix("attache secrets update KEY") == true)
    }

    @Test(arguments: [(Int64(0), Check.Result.ok), (7, .ok), (8, .warn)])
    func aBackupThatIsOldIsTold(days: Int64, result: Check.Result) {
        let now = Timestamp(milliseconds: 1_000_000_000)
        let made = Timestamp(milliseconds: now.milliseconds - days * 86_400_000)
        let backup = BackupBody(name: "b", id: "i", createdAt: made, bytes: 1, masterKeyIds: [])
        let list = BackupList(folder: "/b", backups: [backup], running: nil, lastFailure: nil)
        #expect(StatusChecks.backups(list, now: now).result == result)
    }

    @Test func thatThereIsNoBackupOrThatTheLastOneFailedIsTold() {
        let now = Timestamp(milliseconds: 0)
        let none = BackupList(folder: "/b", backups: [], running: nil, lastFailure: nil)
        #expect(StatusChecks.backups(none, now: now).result == .warn)
        let failure = BackupFailureBody(id: "i", at: now, text: "full")
        let failed = BackupList(folder: "/b", backups: [], running: nil, lastFailure: failure)
        #expect(StatusChecks.backups(failed, now: now).result == .fail)
    }

    @Test(arguments: [
        (String(repeating: "0", count: 64), true), (String(repeating: "deadbeef", count: 8), true),
        ("3f9a1c0b7d52e8466a9d0c1e2f7b8a5493d1e0f6c7b2a8594e3d1c0f9b8a7e6d", false),
    ])
    func aKeyThatNobodyDrewIsTold(text: String, isWeak: Bool) {
        #expect(LocalChecks.isWeak(SecretBytes(copying: Array(text.utf8))) == isWeak)
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
        let key = Data("3f9a1c0b7d52e8466a9d0c1e2f7b8a5493d1e0f6c7b2a8594e3d1c0f9b8a7e6d\n".utf8)
        #expect(FileManager.default.createFile(atPath: path, contents: key, attributes: [.posixPermissions: mode]))
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
