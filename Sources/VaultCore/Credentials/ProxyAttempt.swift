// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
package import ProxyRules
internal import Sealing
internal import Synchronization
internal import VaultModel

/// One attempt to reach a target, as the audit trail tells it.
package struct ProxyAttempt: Sendable {
    /// Without the values of its query.
    package var target: String
    package var method: String
    /// The address that was dialed.
    package var address: String?
    /// 1 for the first, more for those that followed because a key was refused.
    package var number = 1
    package var status: Int?
    package var bytes = 0
    package var duration: Duration = .zero
    /// Why there is no answer, or no whole one.
    package var error: String?

    package init(target: String, method: String) {
        self.target = target
        self.method = method
    }
}

/// An attempt that is recorded and whose credential is open.
///
/// Recorded once more when it is over, with what came of it; at the latest when the last holder lets go.
package final class OpenAttempt: Sendable {
    package let credential: RenderedCredential
    private let begun: BegunAttempt
    private let hasEnded = Atomic(false)

    init(_ credential: RenderedCredential, _ begun: consuming BegunAttempt) {
        self.credential = credential
        self.begun = begun
    }

    deinit {
        guard !hasEnded.load(ordering: .acquiring) else { return }
        var attempt = begun.attempt
        attempt.error = "broken_off"
        end(attempt)
    }

    /// Says what came of it; only the first time counts.
    package func end(_ attempt: ProxyAttempt) {
        guard !hasEnded.exchange(true, ordering: .acquiringAndReleasing) else { return }
        begun.end(attempt, .allowed)
    }
}

/// An attempt in its slot.
struct BegunAttempt: ~Copyable, Sendable {
    let ledger: AttemptLedger
    let grant: ProxyGrant
    let attempt: ProxyAttempt
    /// What it means to do, as it stands in the slot.
    let entry: OpenEntry
    let slot: Int
    let at: Timestamp
    let requestID: String?

    /// Opens the credential, which was sealed until here.
    consuming func open(with ring: KeyRing) throws(VaultError) -> OpenAttempt {
        let credential: RenderedCredential
        do {
            credential = try grant.open(with: ring)
        } catch {
            var failed = attempt
            failed.error = "integrity_error"
            end(failed, .denied(reason: "integrity_error"))
            throw error
        }
        return OpenAttempt(credential, self)
    }

    func end(_ attempt: ProxyAttempt, _ outcome: AuditOutcome) {
        let isAsBegun = outcome == .allowed && attempt.meansSame(as: self.attempt)
        var entry = isAsBegun ? entry : grant.entry(of: attempt, outcome, at: at)
        attempt.addResult(to: &entry)
        ledger.finish(
            AttemptLedger.Finished(
                slot: slot,
                grant: grant,
                at: at,
                entry: entry.end(requestID),
                isRequest: outcome == .allowed && attempt.number == 1
            )
        )
    }
}

extension ProxyAttempt {
    /// Under which the number stands in the trail, where it is more than 1.
    static let numberKey = "attempt"

    func meansSame(as other: ProxyAttempt) -> Bool {
        number == other.number && target == other.target && method == other.method && address == other.address
    }

    func addIntent(to details: inout OpenEntry) {
        details.add("target", target)
        details.add("method", method)
        if let address { details.add("address", address) }
        if number > 1 { details.add(Self.numberKey, String(number)) }
    }

    func addResult(to details: inout OpenEntry) {
        details.add("bytes", String(bytes))
        details.add("milliseconds", String(Int64(duration / .milliseconds(1))))
        if let status { details.add("status", String(status)) }
        if let error { details.add("error", error) }
    }
}
