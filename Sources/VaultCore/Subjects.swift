// SPDX-License-Identifier: Apache-2.0

internal import AuditTrail
internal import Storage
internal import VaultModel

// How the rows of the vault appear as subjects of the audit trail.

extension EntryRow {
    var subject: AuditSubject {
        AuditSubject(kind: .entry, id: id.text, name: name.text, version: version)
    }
}

extension AgentRow {
    var subject: AuditSubject {
        AuditSubject(kind: .agent, id: id.text, name: name, version: nil)
    }
}

extension TokenRow {
    var subject: AuditSubject {
        AuditSubject(kind: .token, id: id.text, name: name, version: nil)
    }
}
