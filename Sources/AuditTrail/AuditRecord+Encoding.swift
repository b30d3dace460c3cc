// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import VaultModel

// The stored form, drawn in `docs/formats/audit-entry.md`. One record has one encoding and the other way round: what
// decodes encodes to the same bytes again.
extension AuditRecord {
    fileprivate static let version: UInt8 = 1

    package func encoded() -> [UInt8] {
        var bytes = CanonicalBytes(reserving: 512)
        bytes.beginEntry(at: at)
        bytes.append(actor: actor, action, outcome, subjects, digest)
        bytes.append(UInt32(details.count))
        for detail in details {
            bytes.append(text: detail.key)
            bytes.append(text: detail.value)
        }
        bytes.endEntry(requestID)
        return bytes.bytes
    }

    /// Reads a stored entry; throws ``AuditError/malformedEntry`` for anything that ``encoded()`` does not give.
    package init(decoding bytes: [UInt8]) throws(AuditError) {
        self = try bytes.span.withUnsafeBytes { bytes throws(AuditError) in
            var reader = EntryReader(bytes)
            return try reader.record()
        }
    }

    fileprivate init(from reader: inout EntryReader) throws(AuditError) {
        guard try reader.integer() == Self.version else { throw .malformedEntry }
        at = Timestamp(milliseconds: try reader.integer())
        actor = try reader.actor()
        guard let action = Action(rawValue: try reader.text()) else { throw .malformedEntry }
        self.action = action
        outcome = try reader.outcome()
        subjects = try reader.list { reader throws(AuditError) in try reader.subject() }
        digest = try reader.optional { reader throws(AuditError) in try reader.prefixed() }
        details = try reader.list { reader throws(AuditError) in
            AuditDetail(key: try reader.text(), value: try reader.text())
        }
        requestID = try reader.optional { reader throws(AuditError) in try reader.text() }
    }
}

extension CanonicalBytes {
    mutating func beginEntry(at time: Timestamp) {
        append(byte: AuditRecord.version)
        append(time.milliseconds)
    }

    /// What stands between the time of an entry and its details.
    mutating func append(
        actor: AuditActor,
        _ action: Action,
        _ outcome: AuditOutcome,
        _ subjects: [AuditSubject],
        _ digest: [UInt8]?
    ) {
        append(actor)
        append(text: action.rawValue)
        switch outcome {
        case .allowed:
            append(byte: 1)
        case .denied(let reason):
            append(byte: 2)
            append(text: reason)
        }
        append(UInt32(subjects.count))
        for subject in subjects { append(subject) }
        append(optional: digest) { $0.append(prefixed: $1) }
    }

    /// What stands behind the details.
    mutating func endEntry(_ requestID: String?) {
        append(optional: requestID) { $0.append(text: $1) }
    }

    mutating func append(text: String) {
        guard text.utf8.count > AuditRecord.maximumTextBytes else { return append(prefixed: text) }
        // The last place between two characters that is within the limit; one character may exceed it by itself.
        let limit = text.utf8.index(text.startIndex, offsetBy: AuditRecord.maximumTextBytes)
        var end = text.startIndex
        while let next = text.index(end, offsetBy: 1, limitedBy: text.endIndex), next <= limit { end = next }
        append(prefixed: text[..<end])
    }

    fileprivate mutating func append<Value>(
        optional value: Value?,
        _ append: (inout CanonicalBytes, Value) -> Void
    ) {
        self.append(byte: value == nil ? 0 : 1)
        if let value { append(&self, value) }
    }

    fileprivate mutating func append(_ actor: AuditActor) {
        switch actor {
        case .localOperator(let uid):
            append(byte: 1)
            append(uid)
        case .workspaceKey(let token):
            append(byte: 2)
            append(text: token.text)
        case .gateway(let agent, let token):
            append(byte: 3)
            append(text: agent.text)
            append(text: token.text)
        case .server:
            append(byte: 4)
        case .user(let user, let session):
            append(byte: 5)
            append(text: user.text)
            append(text: session.text)
        case .nobody:
            append(byte: 6)
        }
    }

    fileprivate mutating func append(_ subject: AuditSubject) {
        append(byte: subject.kind.code)
        append(text: subject.id)
        append(optional: subject.name) { $0.append(text: $1) }
        append(optional: subject.version) { $0.append($1) }
    }
}

/// Reads the parts of an entry; every method throws ``AuditError/malformedEntry`` when there is no such part.
private struct EntryReader {
    private var reader: CanonicalReader

    init(_ bytes: UnsafeRawBufferPointer) {
        reader = CanonicalReader(bytes)
    }

    mutating func record() throws(AuditError) -> AuditRecord {
        let record = try AuditRecord(from: &self)
        guard reader.isAtEnd else { throw .malformedEntry }
        return record
    }

    mutating func integer<I: FixedWidthInteger>() throws(AuditError) -> I {
        try required(reader.integer())
    }

    mutating func prefixed() throws(AuditError) -> [UInt8] {
        [UInt8](try required(reader.prefixed()))
    }

    mutating func text() throws(AuditError) -> String {
        let text = try required(reader.text())
        guard text.utf8.count <= AuditRecord.maximumTextBytes else { throw .malformedEntry }
        return text
    }

    mutating func identifier<Subject>() throws(AuditError) -> Identifier<Subject> {
        let text = try text()
        let id = try required(Identifier<Subject>(text))
        // An id in upper case is accepted elsewhere, and is not what was written here.
        guard id.text == text else { throw .malformedEntry }
        return id
    }

    mutating func optional<Value>(
        _ read: (inout EntryReader) throws(AuditError) -> Value
    ) throws(AuditError) -> Value? {
        switch try integer() as UInt8 {
        case 0: nil
        case 1: try read(&self)
        default: throw .malformedEntry
        }
    }

    mutating func list<Value>(
        _ read: (inout EntryReader) throws(AuditError) -> Value
    ) throws(AuditError) -> [Value] {
        let count: UInt32 = try integer()
        // Nothing is reserved on the word of a count: each element takes bytes that must be there.
        var values: [Value] = []
        for _ in 0..<count { values.append(try read(&self)) }
        return values
    }

    mutating func actor() throws(AuditError) -> AuditActor {
        switch try integer() as UInt8 {
        case 1: .localOperator(uid: try integer())
        case 2: .workspaceKey(try identifier())
        case 3: .gateway(try identifier(), try identifier())
        case 4: .server
        case 5: .user(try identifier(), try identifier())
        case 6: .nobody
        default: throw .malformedEntry
        }
    }

    mutating func outcome() throws(AuditError) -> AuditOutcome {
        switch try integer() as UInt8 {
        case 1: .allowed
        case 2: .denied(reason: try text())
        default: throw .malformedEntry
        }
    }

    mutating func subject() throws(AuditError) -> AuditSubject {
        let code: UInt8 = try integer()
        return AuditSubject(
            kind: try required(AuditSubject.Kind.allCases.first { $0.code == code }),
            id: try text(),
            name: try optional { reader throws(AuditError) in try reader.text() },
            version: try optional { reader throws(AuditError) in try reader.integer() }
        )
    }

    private func required<Value>(_ value: Value?) throws(AuditError) -> Value {
        guard let value else { throw .malformedEntry }
        return value
    }
}
