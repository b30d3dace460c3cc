// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import TestSupport
import Testing

/// Faults of the disk and of the machine; after each, one verifier: ``RunningServer/checkNothingIsLost(of:)``.
@Suite(.serialized)
struct FaultTests {
    private static let ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

    /// Set by `make faults`, which has more time.
    private static let isLong = ProcessInfo.processInfo.environment["ATTACHE_FAULTS"] != nil

    @Test(arguments: 0..<(isLong ? 20 : 2))
    func nothingAcknowledgedIsLostWhenThePowerFails(round: Int) async throws {
        let outcome = try await powerFailure(writes: Self.isLong ? 200 : 40)
        #expect(outcome.acknowledged.count >= 40)
        let server = try await RunningServer.start(in: outcome.directory)
        try await server.checkNothingIsLost(of: outcome.acknowledged)
    }

    /// The control: without it, the test above could pass because the shim lets everything survive.
    @Test func whatWasNotSynchronizedIsLostWhenThePowerFails() async throws {
        let outcome = try await powerFailure(writes: 40, unsynced: "-wal")
        let server = try await RunningServer.start(in: outcome.directory)
        let names = try await server.entryNames()
        #expect(outcome.acknowledged.contains { !names.contains($0) })
    }

    @Test func aRotationAndABackupSurviveAPowerFailure() async throws {
        let outcome = try await powerFailure(writes: 40) { server in
            _ = try await server.attache("keys", "rotate-epoch", "--no-wait")
        }
        let server = try await RunningServer.start(in: outcome.directory)
        #expect(try await server.endOfRotation().phase == "done")
        try await server.checkNothingIsLost(of: outcome.acknowledged)
    }

    /// The first start takes every step of the schema, each in a transaction of its own, and makes the key ring.
    @Test(arguments: isLong ? Array(1...200) : [1, 2, 3, 5, 8, 13, 21, 34, 55, 89])
    func aFirstStartThatIsKilledAtAnyWriteIsTakenUpByTheNextOne(write: Int) async throws {
        let directory = try TemporaryDirectory()
        let environment = [
            "LD_PRELOAD": try await FaultShim.library(), "FAULT_FOLDER": directory.appending("data"),
            "FAULT_KILL_AT": String(write),
        ]
        // Ready after all where so much is not written.
        let first = try? await RunningServer.start(in: directory, environment: environment)
        first?.signal(SIGKILL)
        _ = await first?.waitForExit()
        let server = try await RunningServer.start(in: directory)
        #expect(try await server.puts("FIRST"))
        try await server.checkNothingIsLost(of: ["FIRST"])
    }

    @Test func aFailedSynchronizationStopsWritesForGoodAndLosesNothing() async throws {
        let directory = try TemporaryDirectory()
        let trigger = directory.appending("fail")
        let server = try await RunningServer.start(
            in: directory,
            environment: ["LD_PRELOAD": try await FaultShim.library(), "FAULT_TRIGGER": trigger]
        )
        var acknowledged: [String] = []
        for number in 0..<10 where try await server.puts("BEFORE_\(number)") {
            acknowledged.append("BEFORE_\(number)")
        }
        #expect(acknowledged.count == 10)
        _ = FileManager.default.createFile(atPath: trigger, contents: nil)
        #expect(try await server.puts("DURING") == false)
        try FileManager.default.removeItem(atPath: trigger)
        // A second try could succeed without the pages that the kernel has dropped.
        #expect(try await server.puts("AFTER") == false)
        server.signal(SIGKILL)
        _ = await server.waitForExit()
        let again = try await RunningServer.start(in: directory)
        try await again.checkNothingIsLost(of: acknowledged)
        #expect(try await again.puts("AGAIN"))
    }

    @Test func whereAttemptsCannotBeRecordedNothingReachesATargetUntilTheyCan() async throws {
        let target = try RecordingTarget { _ in [.text(Self.ok)] }
        // Is asked until the server has found out.
        let other = try RecordingTarget { _ in [.text(Self.ok)] }
        let folder = try TemporaryDirectory()
        let full = folder.appending("full")
        let scene = try await ProxyScene(
            target,
            hosts: [target, other].map { "http://127.0.0.1:\($0.port)" },
            environment: ["LD_PRELOAD": try await FaultShim.library(), "FAULT_FULL": full]
        )
        _ = FileManager.default.createFile(atPath: full, contents: nil)
        try await scene.send(to: other, until: "HTTP/1.1 503")
        for _ in 0..<2 {
            let refused = try await scene.send("GET", "\(scene.base)/")
            #expect(refused.hasPrefix("HTTP/1.1 503"))
            #expect(refused.contains("Attache-Error: audit_unavailable\r\n"), "\(refused)")
            #expect(refused.contains("\"code\":\"audit_unavailable\""))
            #expect(refused.contains("Retry-After: "))
        }
        #expect(target.requests.isEmpty)
        try FileManager.default.removeItem(atPath: full)
        try await scene.send(to: other, until: "HTTP/1.1 200")
        #expect(try await scene.send("GET", "\(scene.base)/last").hasPrefix("HTTP/1.1 200"))
        try await scene.waitForAudit("/last\"")
        let trail = try await scene.server.attache("audit", "list", "--limit", "500", "--json").output
        // What had been sent when the disk was full stood in its slot.
        #expect(trail.components(separatedBy: "/sent\"").count - 1 == other.requests.count)
        try await scene.server.checkNothingIsLost(of: [])
    }

    @Test func whatWasSentWhileTheDiskFailedStandsInTheTrailOfTheNextServer() async throws {
        let target = try RecordingTarget { _ in [.text(Self.ok)] }
        let folder = try TemporaryDirectory()
        let trigger = folder.appending("fail")
        let scene = try await ProxyScene(
            target,
            environment: ["LD_PRELOAD": try await FaultShim.library(), "FAULT_TRIGGER": trigger]
        )
        _ = FileManager.default.createFile(atPath: trigger, contents: nil)
        // It ends: a second try could succeed without the pages that the kernel has dropped.
        #expect(try await scene.send("GET", "\(scene.base)/sent").hasPrefix("HTTP/1.1 200"))
        #expect(await scene.server.waitForExit() == 1)
        #expect(scene.server.log.contains("the disk failed while data was being written"))
        let next = try await RunningServer.start(in: scene.server.directory)
        let trail = try await next.attache("audit", "list", "--json").output
        #expect(trail.components(separatedBy: "/sent\"").count - 1 == target.requests.count)
        #expect(target.requests.count == 1)
        try await next.checkNothingIsLost(of: [])
    }

    @Test func aServerWithoutDescriptorsLosesNothingAndNeedsNoRestart() async throws {
        let server = try await RunningServer.start()
        var acknowledged: [String] = []
        for number in 0..<5 where try await server.puts("BEFORE_\(number)") { acknowledged.append("BEFORE_\(number)") }
        let open = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(server.pid)/fd").count
        try await server.limitDescriptors(to: open + 1)
        let during = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<12 {
                group.addTask { try await server.puts("DURING_\(number)") ? "DURING_\(number)" : nil }
            }
            return try await group.reduce(into: [String]()) { if let name = $1 { $0.append(name) } }
        }
        acknowledged += during
        try await server.limitDescriptors(to: 1_024)
        let end = ContinuousClock.now + .seconds(20)
        var isBack = false
        while !isBack, ContinuousClock.now < end { isBack = try await server.puts("AFTER") }
        #expect(isBack)
        try await server.checkNothingIsLost(of: acknowledged + ["AFTER"])
    }

    @Test func aServerThatWasStoppedGoesOnWhereItWas() async throws {
        let server = try await RunningServer.start()
        #expect(try await server.puts("BEFORE"))
        server.signal(SIGSTOP)
        var stopped = siginfo_t()
        try #require(waitid(P_PID, id_t(server.pid), &stopped, WSTOPPED | WNOWAIT) == 0)
        let patience = Self.isLong ? ["--max-time", "60"] : []
        let during = try StartedProcess(
            "/usr/bin/curl",
            patience + ["-v"] + server.putArguments("DURING", answering: "\nanswer %{http_code}\n"),
            environment: [:]
        )
        try await during.printed.wait(for: "> POST", deadline: .seconds(20))
        // A stop that outlasts the client, or one that it does not notice.
        if Self.isLong { try await during.printed.wait(for: "answer 000", deadline: .seconds(90)) }
        server.signal(SIGCONT)
        try await during.printed.wait(for: "answer ", deadline: .seconds(30))
        let isAcknowledged = during.printed.text.contains("answer 201")
        #expect(isAcknowledged != Self.isLong)
        try await server.checkNothingIsLost(of: isAcknowledged ? ["BEFORE", "DURING"] : ["BEFORE"])
    }

    @Test func aClientThatGoesAwayLeavesTheWholeOfWhatItAskedForOrNothing() async throws {
        let server = try await RunningServer.start()
        for number in 0..<(Self.isLong ? 200 : 20) {
            // Cut off after some milliseconds, wherever the request is by then.
            _ = try await server.puts("CUT_\(number)", extra: ["--max-time", "0.00\(1 + number % 9)"])
        }
        try await server.checkNothingIsLost(of: [])
    }

    @Test func aRestoreThatIsKilledCanBeBegunAgain() async throws {
        let server = try await RunningServer.start()
        for number in 0..<20 { #expect(try await server.puts("SECRET_\(number)")) }
        #expect(try await server.attache("backup", "create").status == 0)
        // A whole one takes some tens of milliseconds.
        for milliseconds in stride(from: 0, to: 160, by: 10) {
            let elsewhere = try TemporaryDirectory()
            let arguments = try restoring(server, to: elsewhere)
            let killed = try await run(Programs.attache, arguments, deadline: .milliseconds(milliseconds))
            try await checkRestore(killed, arguments, elsewhere)
        }
    }

    /// The order of its last steps is what makes it safe: it is killed before each of them, one after the other.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: strace), "strace is not installed"))
    func aRestoreIsWholeOrCanBeBegunAgainWhateverNameItChangedLast() async throws {
        let server = try await RunningServer.start()
        #expect(try await server.puts("SECRET"))
        #expect(try await server.attache("backup", "create").status == 0)
        let steps = "rename,renameat,renameat2,unlink,unlinkat,rmdir"
        var kills = 0
        while kills < 200 {
            let elsewhere = try TemporaryDirectory()
            let arguments = try restoring(server, to: elsewhere)
            let inject = [
                "-f", "-qq", "-o", elsewhere.appending("trace"), "-e", "trace=\(steps)", "-e",
                "inject=\(steps):signal=KILL:when=\(kills + 1)", Programs.attache,
            ]
            let result = try await run(Self.strace, inject + arguments)
            try await checkRestore(result, arguments, elsewhere)
            if result.status == 0 { break }
            kills += 1
        }
        // At least the database out of its folder, that folder, and the name at the end.
        #expect((3..<200).contains(kills))
    }

    private static let strace = "/usr/bin/strace"

    private func restoring(_ server: RunningServer, to place: TemporaryDirectory) throws -> [String] {
        let folder = "\(server.data)/backups"
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: folder).first)
        return [
            "backup", "restore", "\(folder)/\(name)", "--data", place.appending("data"), "--master-key-file",
            server.keyFile,
        ]
    }

    /// A restore without a database can be begun again; one with a database has nothing left to do.
    private func checkRestore(_ killed: CommandResult, _ arguments: [String], _ place: TemporaryDirectory) async throws
    {
        // It may have been killed when all was done, on its way out.
        if killed.status != 0, !FileManager.default.fileExists(atPath: place.appending("data/attache.db")) {
            let again = try await run(Programs.attache, arguments)
            #expect(again.status == 0, "\(again.errors)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.appending("data")) == ["attache.db"])
    }

    @Test func aServerThatIsKilledWhileItMakesABackupMakesTheNextOne() async throws {
        var server = try await RunningServer.start()
        var acknowledged: [String] = []
        for round in 0..<(Self.isLong ? 40 : 4) {
            if try await server.puts("ROUND_\(round)") { acknowledged.append("ROUND_\(round)") }
            _ = try await server.attache("backup", "create", "--no-wait")
            server.signal(SIGKILL)
            _ = await server.waitForExit()
            server = try await RunningServer.start(in: server.directory)
        }
        #expect(try await server.attache("backup", "create").status == 0)
        let drill = try await server.attache(
            "backup",
            "drill",
            "--backups-folder",
            "\(server.data)/backups",
            "--master-key-file",
            server.keyFile
        )
        #expect(drill.status == 0, "\(drill.errors)")
        let files = try FileManager.default.contentsOfDirectory(atPath: "\(server.data)/backups")
        #expect(files.allSatisfy { !$0.hasPrefix(".") })
        try await server.checkNothingIsLost(of: acknowledged)
    }

    /// Lets a server write, cuts its power, and leaves in its folder what was synchronized.
    private func powerFailure(
        writes: Int,
        unsynced: String? = nil,
        before: (RunningServer) async throws -> Void = { _ in }
    ) async throws -> (directory: TemporaryDirectory, acknowledged: [String]) {
        let directory = try TemporaryDirectory()
        let shadow = directory.appending("shadow")
        try FileManager.default.createDirectory(atPath: shadow, withIntermediateDirectories: false)
        var environment = [
            "LD_PRELOAD": try await FaultShim.library(), "FAULT_FOLDER": directory.appending("data"),
            "FAULT_SHADOW": shadow,
        ]
        environment["FAULT_UNSYNCED"] = unsynced
        let server = try await RunningServer.start(in: directory, environment: environment)
        let names = try await withThrowingTaskGroup(of: [String].self) { group in
            for worker in 0..<4 {
                group.addTask {
                    var names: [String] = []
                    for number in 0..<(writes / 4) {
                        let name = "W\(worker)_\(number)"
                        if try await server.puts(name) { names.append(name) }
                    }
                    return names
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        try await before(server)
        server.signal(SIGKILL)
        _ = await server.waitForExit()
        let data = directory.appending("data")
        try FileManager.default.removeItem(atPath: data)
        try FileManager.default.moveItem(atPath: shadow, toPath: data)
        return (directory, names)
    }
}

extension ProxyScene {
    /// Sends to `other` until the answer begins as wanted.
    fileprivate func send(to other: RecordingTarget, until start: String) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        var answer = ""
        while !answer.hasPrefix(start) {
            try #require(ContinuousClock.now < deadline, "\(answer)")
            answer = try await send("GET", "http://127.0.0.1:\(other.port)/sent")
        }
    }
}

extension RunningServer {
    /// The one check after a fault: structure, references, codes, records and trails are whole, and every entry that was
    /// acknowledged is there and opens.
    func checkNothingIsLost(of acknowledged: [String]) async throws {
        let verified = try await attache("keys", "verify", "--json")
        #expect(verified.status == 0, "\(verified.output)\(verified.errors)")
        let entries = try await attache("secrets", "list", "--json").json(SecretPage.self).secrets
        let intact = Set(entries.filter(\.intact).map(\.name))
        #expect(acknowledged.filter { !intact.contains($0) } == [])
        // With its audit entry, or not at all.
        let audit = try await attache("audit", "verify", "--json")
        #expect(audit.status == 0, "\(audit.output)")
    }

    func entryNames() async throws -> Set<String> {
        Set(try await attache("secrets", "list", "--json").json(SecretPage.self).secrets.map(\.name))
    }

    /// Makes a secret over the operator's socket; true when the server acknowledged it.
    func puts(_ name: String, extra: [String] = []) async throws -> Bool {
        let result = try await run("/usr/bin/curl", extra + putArguments(name, answering: "%{http_code}"))
        return result.output == "201"
    }

    /// What curl takes to store an entry and to say what it was answered.
    func putArguments(_ name: String, answering format: String) -> [String] {
        [
            "-s", "-o", "/dev/null", "-w", format, "--unix-socket", socket, "-H", "Content-Type: application/json",
            "-d", #"{"name":"\#(name)","kind":"secret","value":"value of \#(name)"}"#,
            "http://attache/api/v1/secrets",
        ]
    }

    func limitDescriptors(to count: Int) async throws {
        let result = try await run("/usr/bin/prlimit", ["--pid", String(pid), "--nofile=\(count):"])
        #expect(result.status == 0, "\(result.errors)")
    }
}
