// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

struct ImportPlanTests {
    private func request(_ text: String, name: String? = nil) -> ImportRequest {
        ImportRequest(files: [ImportFile(name: name, contents: SharedSecret(copying: Array(text.utf8)))])
    }

    private func plan(_ test: TestVault, _ request: ImportRequest) async throws -> ImportBody {
        var request = request
        request.isDryRun = true
        return try await test.vault.importFiles(request, by: test.localOperator)
    }

    private func apply(_ test: TestVault, _ request: ImportRequest) async throws -> ImportBody {
        try await test.vault.importFiles(request, by: test.localOperator)
    }

    @Test func thePlanSaysWhatTheImportThenDoes() async throws {
        let test = try await TestVault.make()
        try await test.create("SAME", "s")
        try await test.create("OLD", "o")
        var request = request("SAME=s\nOLD=n\nNEW=1\nEMPTY_KEY=\n")
        request.onExisting = .update
        let plan = try await plan(test, request)
        #expect(plan.entries.map(\.action) == [.same, .update, .create, .skipEmpty])
        #expect(!plan.applied)
        request.planID = plan.planId
        let done = try await apply(test, request)
        #expect(done.applied)
        #expect(done.entries.map(\.action) == plan.entries.map(\.action))
        #expect(try await test.vault.secret("OLD", by: test.localOperator).version == 2)
        #expect(try await test.vault.secret("SAME", by: test.localOperator).version == 1)
    }

    /// What a plan depends on, one by one.
    enum Change: CaseIterable {
        case file, fileName, vault, kind, onExisting, agents, empty, choice
    }

    @Test(arguments: Change.allCases)
    func aPlanIsWorthlessWhenAnythingChangedThatItWasMadeFrom(change: Change) async throws {
        let test = try await TestVault.make()
        try await test.createAgent("bot")
        var request = request("A=1\nB=\n", name: "x.env")
        request.planID = try await plan(test, request).planId
        switch change {
        case .file: request.files[0].contents = SharedSecret(copying: Array("A=2\nB=\n".utf8))
        case .fileName: request.files[0].name = "y.env"
        case .vault: try await test.create("OTHER", "1")
        case .kind: request.kind = .secret
        case .onExisting: request.onExisting = .skip
        case .agents: request.attachTo = ["bot"]
        case .empty: request.allowsEmpty = true
        case .choice: request.choices = [ImportChoice(name: "A", skip: true)]
        }
        await #expect(throws: VaultError.planChanged) { _ = try await apply(test, request) }
    }

    @Test func aConflictAnywhereLeavesEverythingAsItIs() async throws {
        let test = try await TestVault.make()
        try await test.create("TAKEN", "old")
        let request = request("FIRST=1\nTAKEN=new\nLAST=3\n")
        await #expect(throws: VaultError.importConflict([ConflictBody(code: .duplicateName, name: "TAKEN")])) {
            _ = try await apply(test, request)
        }
        #expect(try await test.vault.secrets(PageRequest(), by: test.localOperator).secrets.map(\.name) == ["TAKEN"])
    }

    @Test func aSecretIsNotMadeAVariable() async throws {
        let test = try await TestVault.make()
        try await test.create("TOKEN", "old")
        var request = request("TOKEN=new\n")
        request.kind = .variable
        request.onExisting = .update
        #expect(try await plan(test, request).conflicts == [ConflictBody(code: .kindIsFinal, name: "TOKEN")])
    }

    @Test func aVariableBecomesASecretWithoutANewValue() async throws {
        let test = try await TestVault.make()
        try await test.create("REGION", "eu-west-3", kind: .variable)
        var request = request("REGION=eu-west-3\n")
        request.kind = .secret
        request.onExisting = .update
        #expect(try await apply(test, request).entries.map(\.action) == [.update])
        #expect(try await test.vault.secret("REGION", by: test.localOperator).kind == .secret)
    }

    @Test func aDangerousNameIsAConflictUnlessAnAgentAllowsIt() async throws {
        let test = try await TestVault.make()
        let request = request("LD_PRELOAD=/x.so\nOK=1\n")
        #expect(try await plan(test, request).conflicts == [ConflictBody(code: .invalidName, name: "LD_PRELOAD")])
        _ = try await test.vault.createAgent(
            CreateAgentBody(name: "tracer", allowedNames: ["LD_PRELOAD"]),
            by: test.localOperator
        )
        #expect(try await plan(test, request).conflicts.isEmpty)
    }

    @Test func whatAttachingWouldBreakIsInThePlan() async throws {
        let test = try await TestVault.make()
        try await test.create("OPENAI_API_KEY", "sk-old", provider: "openai")
        try await test.create("SECOND_KEY", "sk-2", provider: "openai")
        try await test.createAgent("bot", with: ["OPENAI_API_KEY"])
        try await test.createAgent("other")
        var request = request("SECOND_KEY=sk-2\nNEW=1\n")
        request.attachTo = ["bot", "other"]
        let conflict = ConflictBody(code: .duplicateProvider, name: "SECOND_KEY", with: "OPENAI_API_KEY", agent: "bot")
        #expect(try await plan(test, request).conflicts == [conflict])
        await #expect(throws: VaultError.importConflict([conflict])) { _ = try await apply(test, request) }
        #expect(try await test.vault.secrets(PageRequest(), by: test.localOperator).secrets.count == 2)
    }

    @Test func agentsWhoseInstancesWouldLackSomethingAreNamed() async throws {
        let test = try await TestVault.make()
        try await test.create("OLD", "o")
        let holder = try await test.createAgent("holder", with: ["OLD"])
        let target = try await test.createAgent("target")
        try await test.createAgent("idle", with: ["OLD"])
        try await test.start(holder)
        try await test.start(target)
        var request = request("OLD=n\nNEW=1\n")
        request.onExisting = .update
        request.attachTo = ["target"]
        #expect(try await plan(test, request).stale.map(\.name) == ["holder", "target"])
        #expect(try await apply(test, request).stale.map(\.name) == ["holder", "target"])
    }

    @Test func everyEntryOfAnImportIsInTheAuditTrail() async throws {
        let test = try await TestVault.make()
        _ = try await apply(test, request((0..<30).map { "NAME_\($0)=\($0)\n" }.joined()))
        let page = try await test.vault.audit(PageRequest(limit: 100), by: test.localOperator)
        #expect(page.entries.count { $0.action == "entry.create" } == 30)
        #expect(page.entries.count { $0.action == "entry.import" } == 1)
        #expect(try await test.vault.verifyAudit(by: test.localOperator).intact)
    }

    @Test func moreEntriesThanOneImportTakesAreRefused() async throws {
        let test = try await TestVault.make()
        let files = (0..<2).map { file in
            ImportFile(
                name: "\(file)",
                contents: SharedSecret(copying: Array((0..<1_001).map { "N\(file)_\($0)=1\n" }.joined().utf8))
            )
        }
        await #expect(throws: VaultError.self) { _ = try await plan(test, ImportRequest(files: files)) }
    }
}
