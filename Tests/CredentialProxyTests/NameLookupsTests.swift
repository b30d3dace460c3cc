// SPDX-License-Identifier: Apache-2.0

import APITypes
import NIOCore
import Synchronization
import TestSupport
import Testing
import VaultCore
import VaultModel

@testable import CredentialProxy

/// Who waits for a name server that says nothing.
@Suite(.timeLimit(.minutes(1)))
struct NameLookupsTests {
    /// Answers a name when it is told to, and counts who asked for it.
    private final class SlowResolver: Resolver {
        let asked = Mutex<[String]>([])
        private let answers: AsyncStream<Void>
        private let answer: AsyncStream<Void>.Continuation

        init() {
            (answers, answer) = AsyncStream.makeStream()
        }

        func finish() { answer.finish() }

        func addresses(of name: String) async throws -> [IPAddress] {
            asked.withLock { $0.append(name) }
            if name.hasPrefix("slow") { for await _ in answers {} }
            return [.loopback]
        }
    }

    private let resolver = SlowResolver()
    private let lookups: NameLookups
    private let isolations: [ProxyGrant.Isolation]

    init() async throws {
        lookups = NameLookups(resolver)
        let test = try await TestVault.make()
        _ = try await test.createAgent("bot")
        var isolations: [ProxyGrant.Isolation] = []
        for name in ["One", "Two"] {
            let body = CreateCredentialBody(
                name: name,
                type: .apiKey,
                value: .text("c4n4ry-0123456789"),
                hosts: ["a.test"]
            )
            _ = try await test.vault.createCredential(body, by: test.localOperator)
            let attach = AttachCredentialBody(credentialId: name)
            let token = try await test.vault.attachCredential(attach, to: "bot", by: test.localOperator).proxyToken
            let caller = ProxyCaller.token(Array(try #require(token).utf8), from: .loopback)
            isolations.append(try await test.vault.proxyGrant(caller, credential: nil).isolation)
        }
        self.isolations = isolations
    }

    private func ask(_ name: String, _ isolation: Int = 0, within limit: TimeAmount = .seconds(30)) async -> Bool {
        (try? await lookups.addresses(of: name, for: isolations[isolation], within: limit)) == [.loopback]
    }

    @Test func nobodyWaitsBeyondTheLimit() async {
        #expect(await !ask("slow.test", within: .milliseconds(20)))
        #expect(await ask("quick.test"))
        resolver.finish()
    }

    @Test func thoseWhoWantTheSameNameShareAnAnswer() async {
        let found = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<32 { group.addTask { await ask("slow.test", index % 2) } }
            // All of them, or the group would wait for those that came too late.
            group.addTask {
                #expect(await !ask("slow.test", within: .milliseconds(50)))
                resolver.finish()
                return true
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(found == 33)
        #expect(await ask("slow.test"))
        let asked = resolver.asked.withLock { $0 }
        #expect(Set(asked) == ["slow.test"] && asked.count < 5)
    }

    @Test func whoWaitsForTooManyNamesHoldsUpNobodyElse() async {
        for index in 0..<NameLookups.mostAtOnce { #expect(await !ask("slow\(index).test", within: .milliseconds(20))) }
        #expect(await !ask("quick.test"))
        #expect(resolver.asked.withLock { $0.count } == NameLookups.mostAtOnce)
        #expect(await ask("quick.test", 1))
        resolver.finish()
        // Its place is free when the lookups have their answers, whoever gave up waiting for them.
        while await !ask("quick.test") {}
    }
}
