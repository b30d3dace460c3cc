// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing
import VaultCore
import VaultModel

@testable import CredentialProxy

struct HolderLimitsTests {
    private final class Clock: Sendable {
        let now = Mutex(ContinuousClock.now)

        func advance(by duration: Duration) { now.withLock { $0 += duration } }
    }

    private let tokens = (0..<2).map { _ in TokenID(at: Timestamp(milliseconds: 0)) }

    private func limits(
        ofHolder: RequestAllowance = RequestAllowance(),
        ofToken: RequestAllowance = RequestAllowance()
    ) -> (HolderLimits, Clock) {
        let clock = Clock()
        return (HolderLimits(ofHolder: ofHolder, ofToken: ofToken) { clock.now.withLock { $0 } }, clock)
    }

    @Test func withoutALimitEverythingIsAdmittedAndNothingLookedAt() throws {
        let (limits, _) = limits()
        var looked = 0
        func holder() -> String {
            looked += 1
            return "a"
        }
        func token() -> TokenID? {
            looked += 1
            return tokens[0]
        }
        for _ in 0..<1_000 { #expect(try limits.admit(holder(), showing: token()) == nil) }
        #expect(looked == 0)
    }

    @Test func aHolderHasSoManyUnderWayAndAnotherOneItsOwn() throws {
        let (limits, _) = limits(ofHolder: RequestAllowance(atOnce: 2))
        let first = try limits.admit("a", showing: tokens[0])
        var second = try limits.admit("a", showing: tokens[1])
        #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 1))) { try limits.admit("a", showing: tokens[0]) }
        let other = try limits.admit("b", showing: tokens[0])
        second = nil
        let third = try limits.admit("a", showing: tokens[0])
        #expect(throws: ProxyError.self) { try limits.admit("a", showing: tokens[0]) }
        withExtendedLifetime((first, second, third, other)) {}
    }

    @Test func aMinuteHoldsSoManyAndFillsUpAllTheTime() throws {
        let (limits, clock) = limits(ofHolder: RequestAllowance(perMinute: 6))
        for _ in 0..<6 { _ = try limits.admit("a", showing: nil) }
        #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 10))) { try limits.admit("a", showing: nil) }
        clock.advance(by: .seconds(10))
        _ = try limits.admit("a", showing: nil)
        #expect(throws: ProxyError.self) { try limits.admit("a", showing: nil) }
        _ = try limits.admit("b", showing: nil)
    }

    @Test func aTokenHasSoManyUnderWayAndAnotherOneOfTheSameHolderItsOwn() throws {
        let (limits, _) = limits(ofToken: RequestAllowance(atOnce: 1))
        var first = try limits.admit("a", showing: tokens[0])
        #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 1))) { try limits.admit("a", showing: tokens[0]) }
        let other = try limits.admit("a", showing: tokens[1])
        first = nil
        first = try limits.admit("a", showing: tokens[0])
        withExtendedLifetime((first, other)) {}
    }

    @Test func aTokenSendsSoManyAMinuteAndWhatShowsNoneIsNotLimited() throws {
        let (limits, clock) = limits(ofToken: RequestAllowance(perMinute: 2))
        for _ in 0..<2 { _ = try limits.admit("a", showing: tokens[0]) }
        #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 30))) { try limits.admit("a", showing: tokens[0]) }
        _ = try limits.admit("a", showing: tokens[1])
        for _ in 0..<9 { #expect(try limits.admit("a", showing: nil) == nil) }
        clock.advance(by: .seconds(30))
        _ = try limits.admit("a", showing: tokens[0])
    }

    @Test func whatOneOfBothRefusesTheOtherHasNotCounted() throws {
        let (limits, clock) = limits(
            ofHolder: RequestAllowance(atOnce: 3, perMinute: 3),
            ofToken: RequestAllowance(perMinute: 1)
        )
        var held = [try limits.admit("a", showing: tokens[0])]
        for _ in 0..<5 {
            #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 60))) {
                try limits.admit("a", showing: tokens[0])
            }
        }
        held.append(try limits.admit("a", showing: tokens[1]))
        held.append(try limits.admit("a", showing: nil))
        // The one that is longer is told.
        #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 60))) { try limits.admit("a", showing: tokens[1]) }
        // Refused by the holder's, which leaves that of the token whole.
        let fresh = TokenID(at: Timestamp(milliseconds: 1))
        #expect(throws: ProxyError.vault(.rateLimited(retryAfter: 20))) { try limits.admit("a", showing: fresh) }
        held = []
        clock.advance(by: .seconds(20))
        #expect(try limits.admit("a", showing: fresh) != nil)
    }
}
