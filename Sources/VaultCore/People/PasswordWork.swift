// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Sealing
internal import Synchronization
internal import VaultModel

/// Hashes passwords on threads of its own, at most two at a time.
///
/// One hash takes 128 MiB and a tenth of a second or more, so a semaphore bounds the memory that logins can take, and
/// beyond ``mostWaiting`` a login is told to come back. The cooperative pool never waits for one.
final class PasswordWork: Sendable {
    static let atOnce = 2
    static let mostWaiting = 64

    let cost: PasswordCost
    private let nobody: PasswordHash
    private let threads: [DispatchQueue]
    private let waiting = Mutex([Int](repeating: 0, count: PasswordWork.atOnce))

    init(cost: PasswordCost) {
        self.cost = cost
        nobody = .ofNobody(cost: cost)
        threads = (0..<Self.atOnce).map { DispatchQueue(label: "passwords.\($0)") }
    }

    func hash(_ password: SharedSecret) async throws(VaultError) -> PasswordHash {
        let cost = cost
        return try await run { try PasswordHash.make(of: password.bytes, cost: cost) }
    }

    /// Whether `password` has the hash; without one it is never so, and takes as long.
    func matches(_ password: SharedSecret, _ hash: PasswordHash?) async throws(VaultError) -> Bool {
        let looked = hash ?? nobody
        return try await run { try looked.matches(password.bytes) && hash != nil }
    }

    private func run<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws(VaultError) -> R {
        let lane = waiting.withLock { waiting -> Int? in
            guard waiting.reduce(0, +) < Self.mostWaiting else { return nil }
            let lane = waiting[0] <= waiting[1] ? 0 : 1
            waiting[lane] += 1
            return lane
        }
        guard let lane else { throw .rateLimited(retryAfter: 2) }
        defer { waiting.withLock { $0[lane] -= 1 } }
        do {
            return try await withCheckedThrowingContinuation { continuation in
                threads[lane].async { continuation.resume(with: Result { try work() }) }
            }
        } catch {
            throw .storage(.busy)
        }
    }
}
