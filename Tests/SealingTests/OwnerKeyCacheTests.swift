// SPDX-License-Identifier: Apache-2.0

internal import Testing
internal import VaultModel

// The cache is not seen from outside; that it is bounded must be.
@testable internal import Sealing

struct OwnerKeyCacheTests {
    private let epochKeys = KeyRing.generate().active

    private func derivations(of scopes: [OwnerScope], in cache: OwnerKeyCache, epoch: UInt32 = 1) -> Int {
        var count = 0
        for scope in scopes {
            _ = cache.keys(of: scope, epoch: epoch) {
                count += 1
                return OwnerKeys(of: scope, epochKey: epochKeys.key)
            }
        }
        return count
    }

    @Test func keysAreDerivedOnce() {
        let cache = OwnerKeyCache()
        let scopes = (0..<100).map { _ in OwnerScope.random() }
        #expect(derivations(of: scopes, in: cache) == 100)
        #expect(derivations(of: scopes, in: cache) == 0)
    }

    @Test func itNeverHoldsMoreThanItsLimit() {
        let cache = OwnerKeyCache(limit: 10)
        #expect(derivations(of: (0..<100).map { _ in OwnerScope.random() }, in: cache) == 100)
        #expect((5...10).contains(cache.count))
    }

    @Test func whatIsUsedStays() {
        let cache = OwnerKeyCache(limit: 10)
        let used = OwnerScope.random()
        #expect(derivations(of: [used], in: cache) == 1)
        let others = (0..<100).flatMap { _ in [used, OwnerScope.random()] }
        #expect(derivations(of: others, in: cache) == 100)
    }

    @Test func anotherEpochAndAnotherSaltAreOtherKeys() {
        let cache = OwnerKeyCache()
        let scope = OwnerScope.random()
        let salted = OwnerScope(workspace: scope.workspace, user: scope.user, salt: OwnerScope.makeSalt())
        #expect(derivations(of: [scope, salted], in: cache) == 2)
        #expect(derivations(of: [scope], in: cache, epoch: 2) == 1)
    }
}
