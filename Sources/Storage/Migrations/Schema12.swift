// SPDX-License-Identifier: Apache-2.0

/// An index of the starts in audit trails, which are looked for among all that the proxy did.
enum Schema12 {
    static let statements = [
        "CREATE INDEX audit_starts ON audit_entries (chain, sequence) WHERE action = 'agent.start'"
    ]
}
