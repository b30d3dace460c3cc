// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPTypes
import Synchronization
import TestSupport
import Testing
import VaultCore
import VaultModel

@testable import CredentialProxy

struct KeyRestsTests {
    private struct Scene {
        let uses: [ProxyGrant.Use]
        let rests: KeyRests
        private let now: Box

        private final class Box: Sendable { let time = Mutex(ContinuousClock.now) }

        init(keys: Int) async throws {
            let test = try await TestVault.make()
            for number in 0..<keys {
                let body = CreateCredentialBody(
                    name: "key \(number)",
                    value: .text("sk-canary-012345"),
                    provider: "openai"
                )
                _ = try await test.vault.createCredential(body, by: test.localOperator)
            }
            _ = try await test.createAgent("bot")
            let token = try await test.vault.attachProvider(
                AttachProviderBody(provider: "openai"),
                to: "bot",
                by: test.localOperator
            ).proxyToken
            uses = try await test.vault.proxyGrants(.token(Array(token.utf8), from: .loopback), credential: nil)
                .map(\.use)
            let box = Box()
            now = box
            rests = KeyRests { box.time.withLock { $0 } }
        }

        func advance(by duration: Duration) { now.time.withLock { $0 += duration } }
    }

    @Test func aRefusedKeyRestsForAMinuteThenFiveThenTwentyFiveThenAnHour() async throws {
        let scene = try await Scene(keys: 2)
        for seconds in [60, 300, 1_500, 3_600, 3_600] {
            scene.rests.note(.refused(wait: nil), on: scene.uses[0])
            scene.advance(by: .seconds(seconds) - .milliseconds(1))
            #expect(scene.rests.awake(among: scene.uses) == [scene.uses[1]], "\(seconds)")
            scene.advance(by: .milliseconds(1))
            #expect(scene.rests.awake(among: scene.uses) == scene.uses, "\(seconds)")
        }
    }

    @Test func aGoodAnswerEndsTheRestAndTheCount() async throws {
        let scene = try await Scene(keys: 2)
        for _ in 0..<3 { scene.rests.note(.refused(wait: nil), on: scene.uses[0]) }
        scene.rests.note(.unknown, on: scene.uses[0])
        #expect(scene.rests.awake(among: scene.uses) == [scene.uses[1]])
        scene.rests.note(.good, on: scene.uses[0])
        #expect(scene.rests.awake(among: scene.uses) == scene.uses)
        scene.rests.note(.refused(wait: nil), on: scene.uses[0])
        scene.advance(by: .seconds(60))
        #expect(scene.rests.awake(among: scene.uses) == scene.uses)
    }

    @Test func theProvidersOwnTimeCountsUpToADay() async throws {
        let scene = try await Scene(keys: 2)
        scene.rests.note(.refused(wait: .seconds(7)), on: scene.uses[0])
        scene.rests.note(.refused(wait: .seconds(1_000_000)), on: scene.uses[1])
        // All of them rest: the one that wakes first is tried.
        #expect(scene.rests.awake(among: scene.uses) == [scene.uses[0]])
        scene.advance(by: .seconds(7))
        #expect(scene.rests.awake(among: scene.uses) == [scene.uses[0]])
        scene.advance(by: .seconds(86_393))
        #expect(scene.rests.awake(among: scene.uses) == scene.uses)
    }

    @Test(arguments: [
        (401, nil, KeyVerdict.refused(wait: nil)), (402, nil, .refused(wait: nil)), (403, nil, .refused(wait: nil)),
        (429, "12", .refused(wait: .seconds(12))), (429, "-1", .refused(wait: nil)),
        (429, "soon", .refused(wait: nil)),
        (429, "Sun, 06 Nov 1994 08:49:37 GMT", .refused(wait: .seconds(37))),
        (429, "Sun, 06 Nov 1994 08:00:00 GMT", .refused(wait: .zero)), (200, nil, .good), (302, nil, .good),
        (400, nil, .unknown), (404, nil, .unknown), (422, nil, .unknown), (500, "3", .unknown), (503, nil, .unknown),
    ])
    func aStatusSaysWhatTheProviderThinksOfTheKey(status: Int, retryAfter: String?, verdict: KeyVerdict) {
        var fields: HTTPFields = [:]
        fields[.retryAfter] = retryAfter
        // 1994-11-06 08:49:00 UTC.
        let now = Date(timeIntervalSince1970: 784_111_740)
        #expect(KeyVerdict(status: status, fields: fields, beginning: "", provider: nil, at: now) == verdict)
    }
}
