// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
internal import VaultCore

/// Which keys rest for a while, since their provider refused them.
///
/// What one holder provokes concerns nobody else, so each has rests of its own. In memory: a server that starts anew tries
/// every key again.
final class KeyRests: Sendable {
    /// After the first refusal in a row, the second, and so on.
    static let steps: [Duration] = [.seconds(60), .seconds(300), .seconds(1_500), .seconds(3_600)]
    /// However long a provider says.
    static let longest: Duration = .seconds(86_400)
    private static let most = 10_000

    private struct Rest {
        var refusals: Int
        var until: ContinuousClock.Instant
    }

    private let clock: @Sendable () -> ContinuousClock.Instant
    private let rests = Mutex<[ProxyGrant.Use: Rest]>([:])

    init(clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.clock = clock
    }

    /// Those that do not rest, in their order; where all of them rest, the one whose rest ends first.
    func awake(among uses: [ProxyGrant.Use]) -> [ProxyGrant.Use] {
        let now = clock()
        return rests.withLock { rests in
            guard !rests.isEmpty else { return uses }
            let awake = uses.filter { use in rests[use].map { $0.until <= now } ?? true }
            guard awake.isEmpty else { return awake }
            let first = uses.min { left, right in
                (rests[left]?.until ?? now) < (rests[right]?.until ?? now)
            }
            return first.map { [$0] } ?? []
        }
    }

    /// Takes note of what a provider thinks of a key.
    func note(_ verdict: KeyVerdict, on use: ProxyGrant.Use) {
        switch verdict {
        case .unknown: return
        case .good: rests.withLock { _ = $0.removeValue(forKey: use) }
        case .refused(let wait):
            let now = clock()
            rests.withLock { rests in
                if rests.count >= Self.most { rests = rests.filter { $0.value.until > now } }
                if rests.count >= Self.most { rests = [:] }
                let before = rests[use]?.refusals ?? 0
                let step = Self.steps[min(before, Self.steps.count - 1)]
                rests[use] = Rest(refusals: before + 1, until: now + min(wait ?? step, Self.longest))
            }
        }
    }
}
