// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Storage
import Synchronization
import TestSupport
import Testing
import VaultModel

@testable import VaultCore

/// What the vault makes of what engines and the kernel tell about containers.
struct ContainerTests {
    /// Processes of a test's own, by their pids.
    private final class Machine: Sendable {
        let processes = Mutex<[Int32: ProcessFacts]>([:])
        let watches = Mutex<[Int32: @Sendable () -> Void]>([:])

        func run(_ pid: Int32, start: Int64 = 1_000, _ cgroups: String...) {
            let facts = ProcessFacts(pid: pid, start: start, cgroups: cgroups.joined(separator: "\n") + "\n")
            processes.withLock { $0[pid] = facts }
        }

        func end(_ pid: Int32) {
            processes.withLock { $0[pid] = nil }
            watches.withLock { $0.removeValue(forKey: pid) }?()
        }

        func table(boot: String = "boot-1") -> ProcessTable {
            ProcessTable(
                boot: boot,
                facts: { [self] pid in processes.withLock { $0[pid] } },
                hasNone: { [self] pid in processes.withLock { $0[pid] == nil } },
                watch: { [self] pid, whenEnded in
                    watches.withLock { $0[pid] = whenEnded }
                    return ProcessWatch(stop: {})
                }
            )
        }

        func peer(_ pid: Int32, isHeld: Bool = true) throws -> PeerProcess {
            PeerProcess(facts: try #require(processes.withLock { $0[pid] }), isHeld: isHeld)
        }
    }

    private static let id = String(repeating: "ab", count: 32)
    private static let other = String(repeating: "cd", count: 32)

    private struct Scene {
        var test: TestVault
        var vault: Vault
        let machine = Machine()
        let agent: AgentBody

        static func make() async throws -> Scene {
            let test = try await TestVault.make()
            try await test.create("TOKEN", "value-1")
            let agent = try await test.createAgent("web", with: ["TOKEN"])
            var scene = Scene(test: test, vault: test.vault, agent: agent)
            scene.vault.processes = scene.machine.table()
            return scene
        }

        /// One that knows what other programs have done so far, as the first start tells.
        static func makeWithAStart() async throws -> Scene {
            let scene = try await make()
            scene.machine.run(9, "0::/docker/\(ContainerTests.other)")
            try await scene.register(ContainerTests.other, pid: 9)
            try await scene.start(scene.machine.peer(9))
            return scene
        }

        func register(_ id: String = ContainerTests.id, pid: Int64 = 10, as agent: String = "web") async throws {
            _ = try await vault.registerContainer(
                id,
                RegisterContainerBody(agent: agent, pid: pid),
                by: test.localOperator
            )
        }

        @discardableResult
        func start(_ peer: PeerProcess?, replica: String = "one") async throws -> String {
            let answer = try await vault.start(
                StartRequest(
                    token: nil,
                    replica: replica,
                    startID: InstanceID(at: test.clock.now).text,
                    isSession: false,
                    peer: peer
                )
            )
            return answer.environment.bytes.withBytes { String(decoding: $0.dropLast(), as: UTF8.self) }
        }

        func instances() async throws -> [InstanceBody] {
            try await vault.instances(of: "web", .init(limit: 50), by: test.localOperator).instances
        }
    }

    /// What `/proc/PID/cgroup` holds for a container, by engine, driver and kind of control groups.
    private static let groups = [
        "0::/docker/\(id)", "0::/system.slice/docker-\(id).scope", "0::/../../docker/\(id)",
        "0::/machine.slice/libpod-\(id).scope/container", "0::/libpod_parent/libpod-\(id)",
        "0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope/container",
        "0::/machine.slice/libpod-payload-\(id)", "0::/default/\(id)", "0::/k8s.io/\(id)",
        "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1_2.slice/cri-containerd-\(id).scope",
        "0::/kubepods/besteffort/pod1-2/\(id)", "0::/system.slice/crio-\(id).scope",
        "12:pids:/docker/\(id)\n4:memory:/docker/\(id)\n1:name=systemd:/docker/\(id)\n0::/",
        "3:cpu,cpuacct:/system.slice/docker-\(id).scope\n0::/system.slice/containerd.service",
    ]

    @Test(arguments: groups)
    func aProcessOfARegisteredContainerIsTheAgent(cgroups: String) async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, cgroups)
        try await scene.register()
        #expect(try await scene.start(scene.machine.peer(10)) == "TOKEN=value-1")
        scene.machine.run(11, cgroups)
        #expect(try await scene.start(scene.machine.peer(11)) == "TOKEN=value-1")
    }

    /// The container's process still has the old value, whoever else in the container was given the new one.
    @Test func whoAsksBesideTheFirstProcessIsASession() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        scene.machine.run(11, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        try await scene.test.update("TOKEN", UpdateSecretBody(value: .text("value-2")))
        #expect(try await scene.start(scene.machine.peer(11)) == "TOKEN=value-2")
        let agent = try await scene.vault.agent("web", by: scene.test.localOperator)
        #expect(agent.secrets?.map(\.state) == [.stale])
        #expect(try await scene.instances().count == 1)
        #expect(try await scene.instances().map(\.endedAt) == [nil])
        try await scene.start(scene.machine.peer(10))
        #expect(try await scene.vault.agent("web", by: scene.test.localOperator).secrets?.map(\.state) == [.synced])
    }

    private static let strangers = [
        "0::/", "0::/user.slice", "0::/docker/\(other)",
        // The name of the container in another place, and a container inside of it.
        "0::/forged/\(id)", "0::/docker/\(id)/docker/\(other)", "0::/docker/\(id)/nested", "4:pids:/docker/\(id)",
        "0::/docker/x\(id)", "0::/docker/docker-\(id).scope",
    ]

    @Test(arguments: strangers)
    func aProcessElsewhereIsNobodyWhateverItsGroupIsCalled(cgroups: String) async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        scene.machine.run(12, cgroups)
        await #expect(throws: VaultError.token(.notVouchedFor)) { try await scene.start(scene.machine.peer(12)) }
        #expect(try await scene.instances().isEmpty)
        let trail = try await scene.vault.audit(.init(limit: 5), of: .system, by: scene.test.localOperator)
        #expect(trail.entries.contains { $0.action == "token.use" && $0.reason == "container" })
    }

    @Test func withoutAPidfdOnlyTheFirstProcessIsTaken() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        #expect(try await scene.start(scene.machine.peer(10, isHeld: false)) == "TOKEN=value-1")
        scene.machine.run(11, "0::/docker/\(Self.id)")
        await #expect(throws: VaultError.token(.notVouchedFor)) {
            try await scene.start(scene.machine.peer(11, isHeld: false))
        }
        // The same number, another process.
        scene.machine.run(10, start: 2_000, "0::/docker/\(Self.id)")
        await #expect(throws: VaultError.token(.notVouchedFor)) {
            try await scene.start(scene.machine.peer(10, isHeld: false))
        }
    }

    @Test func aProcessThatIsInNoGroupOfTheContainerIsNotRegistered() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.other)")
        await #expect(throws: VaultError.self) { try await scene.register() }
        await #expect(throws: VaultError.self) { try await scene.register(pid: 99) }
        await #expect(throws: VaultError.notFound(.agent)) { try await scene.register(Self.other, as: "nobody") }
        #expect(try await scene.vault.containers(by: scene.test.localOperator).containers.isEmpty)
    }

    @Test func onlyTheOperatorVouches() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        let key = try await scene.test.caller(role: .owner)
        await #expect(throws: VaultError.denied(.containerRegister)) {
            try await scene.vault.registerContainer(Self.id, .init(agent: "web", pid: 10), by: key)
        }
    }

    @Test func anInstanceRunsUntilItsContainerEnds() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        scene.machine.run(20, "0::/docker/\(Self.other)")
        try await scene.register()
        try await scene.register(Self.other, pid: 20)
        // More than the agent's one replica, and of one name: each has a container of its own.
        try await scene.start(scene.machine.peer(10))
        try await scene.start(scene.machine.peer(20))
        #expect(try await scene.instances().map(\.liveness) == [.running, .running])
        #expect(try await scene.instances().map(\.container) == [Self.other, Self.id])
        scene.machine.end(10)
        try await scene.vault.endContainer(Self.id, by: scene.test.localOperator)
        #expect(try await scene.instances().map(\.liveness) == [.running, .ended])
        // Whatever is left in its groups.
        scene.machine.run(11, "0::/docker/\(Self.id)")
        await #expect(throws: VaultError.token(.notVouchedFor)) { try await scene.start(scene.machine.peer(11)) }
        await #expect(throws: VaultError.notFound(.container)) {
            try await scene.vault.endContainer(Self.id, by: scene.test.localOperator)
        }
    }

    @Test func theEndOfAnEarlierContainerThatComesLateEndsNothing() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        await #expect(throws: VaultError.invalidField("id", reason: "the container's first process still runs")) {
            try await scene.vault.endContainer(Self.id, by: scene.test.localOperator)
        }
        #expect(try await scene.instances().map(\.liveness) == [.running])
        #expect(try await scene.start(scene.machine.peer(10)) == "TOKEN=value-1")
    }

    @Test func aSecondStartInTheSameContainerTakesThePlaceOfTheFirst() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        try await scene.start(scene.machine.peer(10))
        #expect(try await scene.instances().map(\.liveness) == [.running, .ended])
    }

    @Test func whatIsGoneWithoutAWordIsEnded() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        _ = try await scene.vault.upkeep()
        #expect(try await scene.instances().map(\.liveness) == [.running])
        scene.machine.end(10)
        _ = try await scene.vault.upkeep()
        #expect(try await scene.instances().map(\.liveness) == [.ended])
        #expect(try await scene.vault.containers(by: scene.test.localOperator).containers.isEmpty)
        let trail = try await scene.vault.audit(.init(limit: 1), by: scene.test.localOperator)
        #expect(trail.entries.map(\.action) == ["container.end"])
    }

    /// Runs `body` while the vault ends containers by what it sees.
    private func watching(_ scene: Scene, _ body: () async throws -> Void) async throws {
        let watch = Task { await scene.vault.endContainersAsTheyStop() }
        defer { watch.cancel() }
        try await body()
    }

    /// Waits until nothing of the agent runs any more.
    private func untilAllHaveEnded(_ scene: Scene) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try await scene.instances().contains(where: { $0.liveness != .ended }) {
            try #require(ContinuousClock.now < deadline, "an instance is still said to run")
            await Task.yield()
        }
    }

    @Test func anInstanceEndsWithTheFirstProcessOfItsContainer() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        try await watching(scene) {
            scene.machine.end(10)
            try await untilAllHaveEnded(scene)
        }
        #expect(try await scene.vault.containers(by: scene.test.localOperator).containers.isEmpty)
        let trail = try await scene.vault.audit(.init(limit: 10), by: scene.test.localOperator)
        #expect(trail.entries.filter { $0.action == "container.end" }.count == 1)
    }

    @Test func aContainerOfAnEarlierServerEndsWithItsFirstProcessToo() async throws {
        var scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        scene.test = try await scene.test.afterKill()
        scene.vault = scene.test.vault
        scene.vault.processes = scene.machine.table()
        _ = try await scene.vault.upkeep()
        try await watching(scene) {
            scene.machine.end(10)
            try await untilAllHaveEnded(scene)
        }
    }

    @Test func aContainerThatRunsAgainIsNotEndedByTheEndBefore() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        scene.machine.end(10)
        scene.machine.run(30, start: 3_000, "0::/docker/\(Self.id)")
        try await scene.register(pid: 30)
        scene.machine.run(40, "0::/docker/\(Self.other)")
        try await scene.register(Self.other, pid: 40)
        try await scene.start(scene.machine.peer(40))
        try await watching(scene) {
            // What was seen before is done with when this end is known.
            scene.machine.end(40)
            try await untilAllHaveEnded(scene)
        }
        #expect(try await scene.start(scene.machine.peer(30)) == "TOKEN=value-1")
    }

    /// What is ready for a container's first start is used once, by that container, and only while it is of the present.
    @Test(arguments: ["", "value", "token", "elsewhere"])
    func whatWasPreparedForAStartIsOfTheMomentOfTheStart(change: String) async throws {
        let scene = try await Scene.makeWithAStart()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        await scene.vault.prepareStart(of: Self.id)
        scene.machine.run(11, "0::/docker/\(Self.id)/nested")
        await #expect(throws: VaultError.token(.notVouchedFor)) { try await scene.start(scene.machine.peer(11)) }
        let prepared = StartRequest(
            token: nil,
            replica: "one",
            startID: "start-00000001",
            isSession: false,
            peer: try scene.machine.peer(10)
        )
        switch change {
        case "value": try await scene.test.update("TOKEN", UpdateSecretBody(value: .text("value-2")))
        case "token":
            try await scene.vault.deleteAgent("web", by: scene.test.localOperator)
            await #expect(throws: VaultError.self) { try await scene.start(scene.machine.peer(10)) }
            return
        case "elsewhere": scene.machine.run(10, "0::/docker/\(Self.id)/nested")
        default:
            #expect(scene.vault.takePrepared(for: prepared) != nil)
            // The registration has prepared it, too, and may be done with that only now.
            let later = (0..<3).count { _ in scene.vault.takePrepared(for: prepared) != nil }
            #expect(later <= 1)
        }
        if change == "elsewhere" {
            await #expect(throws: VaultError.token(.notVouchedFor)) { try await scene.start(scene.machine.peer(10)) }
        } else {
            let value = change == "value" ? "value-2" : "value-1"
            #expect(try await scene.start(scene.machine.peer(10)) == "TOKEN=\(value)")
        }
    }

    /// Nothing of a start is recorded before its values are open, whenever its rows were read.
    @Test func aPreparedStartWhoseValueIsDamagedWasNone() async throws {
        let scene = try await Scene.makeWithAStart()
        // Before the registration, which reads on when it has answered.
        _ = try await scene.test.engine.write {
            try $0.execute("UPDATE entry_values SET sealed = zeroblob(length(sealed))", [])
        }
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        await scene.vault.prepareStart(of: Self.id)
        await #expect(throws: VaultError.integrity(entry: "TOKEN")) { try await scene.start(scene.machine.peer(10)) }
        #expect(try await scene.instances().count == 1)
    }

    /// What has never been opened is not handed out as something that was.
    @Test func whatWasPreparedIsNotRememberedAsAStart() async throws {
        let scene = try await Scene.makeWithAStart()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        await scene.vault.prepareStart(of: Self.id)
        let row = try #require(try await scene.test.engine.read { try $0.liveContainer(Self.id) })
        #expect(scene.vault.starts.snapshot(for: row.digest) == nil)
        #expect(scene.vault.starts.takePrepared(for: [Self.id]) { $0.digest == row.digest } != nil)
    }

    @Test func afterARebootNoContainerIsLeft() async throws {
        var scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        scene.vault.processes = scene.machine.table(boot: "boot-2")
        await #expect(throws: VaultError.token(.notVouchedFor)) { try await scene.start(scene.machine.peer(10)) }
        _ = try await scene.vault.upkeep()
        #expect(try await scene.instances().map(\.liveness) == [.ended])
    }

    @Test func aContainerThatIsStartedAgainIsRegisteredAgain() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        scene.machine.run(30, start: 3_000, "0::/docker/\(Self.id)")
        // The first one still runs.
        await #expect(throws: VaultError.self) { try await scene.register(pid: 30) }
        scene.machine.end(10)
        try await scene.register(pid: 30)
        #expect(try await scene.instances().map(\.liveness) == [.ended])
        #expect(try await scene.start(scene.machine.peer(30)) == "TOKEN=value-1")
    }

    @Test func anAgentThatIsDeletedHasNoContainers() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.start(scene.machine.peer(10))
        try await scene.vault.deleteAgent("web", by: scene.test.localOperator)
        await #expect(throws: VaultError.token(.notVouchedFor)) { try await scene.start(scene.machine.peer(10)) }
        #expect(try await scene.vault.containers(by: scene.test.localOperator).containers.isEmpty)
    }

    @Test(arguments: [
        "UPDATE containers SET cgroup = '0::/evil'",
        "UPDATE containers SET pid = 12, process_start = 1000, cgroup = '0::/evil'",
        "UPDATE containers SET agent_id = (SELECT id FROM agents WHERE name = 'rich'), cgroup = '0::/evil'",
    ])
    func aRowThatWasChangedFromOutsideOpensNothing(statement: String) async throws {
        let scene = try await Scene.make()
        try await scene.test.createAgent("rich", with: ["TOKEN"])
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        try await scene.test.changeFromOutside(statement.replacing("/evil", with: "/evil/\(Self.id)"))
        scene.machine.run(12, "0::/evil/\(Self.id)")
        await #expect(throws: VaultError.token(.unknown)) { try await scene.start(scene.machine.peer(12)) }
    }

    @Test func aTokenThatIsSentDecidesAndNotTheContainer() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        let request = StartRequest(
            token: Array("gwt_nonsense".utf8),
            replica: "one",
            startID: "start-0001",
            isSession: false,
            peer: try scene.machine.peer(10)
        )
        await #expect(throws: VaultError.token(.unknown)) { try await scene.vault.start(request) }
    }

    @Test func aSupervisorInAContainerHearsOfChangesWithoutAToken() async throws {
        let scene = try await Scene.make()
        scene.machine.run(10, "0::/docker/\(Self.id)")
        try await scene.register()
        let peer = try scene.machine.peer(10)
        let answer = try await scene.vault.start(
            StartRequest(
                token: nil,
                replica: "one",
                startID: "start-0001",
                isSession: false,
                isSupervised: true,
                peer: peer
            )
        )
        let wait = ChangeWait()
        wait.end(.timeout)
        let change = try await scene.vault.changes(
            ChangeRequest(token: nil, receipt: answer.receipt, seen: nil, wait: .seconds(1), peer: peer),
            wait
        )
        #expect(change.change == .none)
        #expect(try await scene.instances().map(\.liveness) == [.connected])
        try await scene.vault.endInstance(answer.receipt, token: nil, peer: peer)
        #expect(try await scene.instances().map(\.liveness) == [.ended])
    }

    @Test func thisProcessIsOneOfThisMachines() throws {
        let facts = try #require(ProcessTable.machine.facts(1))
        #expect(facts.pid == 1)
        #expect(ProcessTable.machine.facts(Int32.max) == nil)
        #expect(ProcessTable.machine.hasNone(Int32.max))
        #expect(!ProcessTable.machine.hasNone(1))
        #expect(ProcessTable.machine.boot.count == 36)
    }

    @Test func theEndOfAProcessOfThisMachineIsSeen() async throws {
        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/cat")
        let input = Pipe()
        child.standardInput = input
        try betweenSpawns { try child.run() }
        let watch = try #require(ProcessTable.machine.watch(child.processIdentifier) { end.finish() })
        try input.fileHandleForWriting.close()
        for await _ in ends {}
        withExtendedLifetime(watch) { #expect(ProcessTable.machine.hasNone(child.processIdentifier)) }
        #expect(ProcessTable.machine.watch(Int32.max) {} == nil)
    }
}
