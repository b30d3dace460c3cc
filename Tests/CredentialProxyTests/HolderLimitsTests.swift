// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import VaultCore

@testable import CredentialProxy

struct HolderLimitsTests {
    private final class Clock: Sendable {
        let now = Mutex(ContinuousClock.now)

        func advance(by duration: Duration) { now.withLock { $0 += duration } }
    }

    private func limits(atOnce: Int = 0, perMinute: Int = 0) -> (HolderLimits, Clock) {
        let clock = Clock()
        return (HolderLimits(atOnce: atOnce, perMinute: perMinute) { clock.now.withLock { $0 } }, clock)
    }

    @Test func withoutALimitEverythingIsAdmittedAndNothingCounted() throws {
        let (limits, _) = limits()
        for _ in 0..<1_000 { #expect(try limits.admit("a") == nil) }
    }

    @Test func aHolderHasSoManyUnderWayAndAnotherOneItsOwn() throws {
        let (limits, _) = limits(atOnce: 2)
        let first = try limits.admit("a")
        var second = try limits.admit("a")
        #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 1))) { try limits.admit("a") }
        let other = try limits.admit("b")
        second = nil
        let third = try limits.admit("a")
        #expect(throws: ProxyError.self) { try limits.admit("a") }
        withExtendedLifetime((first, second, third, other)) {}
    }

    @Test func aMinuteHoldsSoManyAndFillsUpAllTheTime() throws {
        let (limits, clock) = limits(perMinute: 6)
        for _ in 0..<6 { _ = try limits.admit("a") }
        #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 10))) { try limits.admit("a") }
        clock.advance(by: .seconds(10))
        _ = try limits.admit("a")
        #expect(throws: ProxyError.self) { try limits.admit("a") }
        _ = try limits.admit("b")
    }
}
