// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
package import ProxyRules
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

    init(_ credential: RenderedCredential, _ begun: BegunAttempt) {
        self.credential = credential
        self.begun = begun
    }

    deinit {
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
struct BegunAttempt: Sendable {
    let ledger: AttemptLedger
    let grant: ProxyGrant
    let attempt: ProxyAttempt
    let slot: Int
    let at: Timestamp
    let requestID: String?

    func end(_ attempt: ProxyAttempt, _ outcome: AuditOutcome) {
        let details = attempt.intent + attempt.result
        ledger.finish(slot, grant.record(outcome, details, at: at, requestID), in: grant.workspace.text)
    }
}

extension ProxyGrant {
    func record(
        _ outcome: AuditOutcome,
        _ details: [AuditDetail],
        at time: Timestamp,
        _ requestID: String?
    ) -> AuditRecord {
        AuditRecord(
            at: time,
            actor: actor,
            action: .credentialUse,
            outcome: outcome,
            subjects: [subject],
            details: details,
            requestID: requestID
        )
    }
}

extension ProxyAttempt {
    /// Under which the number stands in the trail, where it is more than 1.
    static let numberKey = "attempt"

    var intent: [AuditDetail] {
        var details = [AuditDetail(key: "target", value: target), AuditDetail(key: "method", value: method)]
        if let address { details.append(AuditDetail(key: "address", value: address)) }
        if number > 1 { details.append(AuditDetail(key: Self.numberKey, value: String(number))) }
        return details
    }

    fileprivate var result: [AuditDetail] {
        var details = [
            AuditDetail(key: "bytes", value: String(bytes)),
            AuditDetail(key: "milliseconds", value: String(Int64(duration / .milliseconds(1)))),
        ]
        if let status { details.append(AuditDetail(key: "status", value: String(status))) }
        if let error { details.append(AuditDetail(key: "error", value: error)) }
        return details
    }
}
