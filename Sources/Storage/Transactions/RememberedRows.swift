// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Rows that every write reads and few change, as the one connection that writes last saw them.
///
/// They are forgotten before a statement runs that may change one of their tables, when a write is undone, and when
/// another program has written to the database, so that what is answered from here is what the table would say.
final class RememberedRows: Sendable {
    /// Where it stands who may do something, and the salts of keys.
    ///
    /// None of them has a trigger, or a key that follows a row of another table.
    static let tables = [TokenRow.table, MembershipRow.table, OwnerSaltRow.table]
    /// As many rows as are remembered at most.
    static let most = 4_096

    private let state = Mutex(State())

    private struct State {
        var rows: [Question: Known] = [:]
        var foreignChanges: ForeignChanges?
    }

    /// A row, and whether somebody has found nothing wrong with it.
    struct Known {
        let row: any StoredRow
        var isChecked = false
    }

    /// What a row is asked for by; there is at most one such row.
    struct Question: Hashable {
        let table: String
        let condition: String
        let parameters: [SQLValue]
    }

    func known(of question: Question) -> Known? { state.withLock { $0.rows[question] } }

    func remember(_ known: Known, for question: Question) {
        state.withLock { state in
            if state.rows.count >= Self.most { state.rows = [:] }
            state.rows[question] = known
        }
    }

    func forget() {
        state.withLock { $0.rows = [:] }
    }

    /// Forgets everything where `sql`, which is about to run, may change what is remembered.
    func prepare(for sql: String) {
        if Self.mayChangeRows(sql) { forget() }
    }

    /// Takes note of what other programs had done when a transaction began; when that is news, or cannot be told,
    /// everything is forgotten.
    func note(_ changes: ForeignChanges?) {
        state.withLock { state in
            guard changes == nil || changes != state.foreignChanges else { return }
            state.foreignChanges = changes
            state.rows = [:]
        }
    }

    /// What only reads, and what adds to or changes another table, does not; of anything else it is not known.
    static func mayChangeRows(_ sql: String) -> Bool {
        let words = sql.utf8
        if words.starts(with: "SELECT ".utf8) { return false }
        for beginning in ["INSERT INTO ", "UPDATE "] where words.starts(with: beginning.utf8) {
            let table = words.dropFirst(beginning.utf8.count).prefix { isOfName($0) }
            return tables.contains { table.elementsEqual($0.utf8) } || table.elementsEqual("OR".utf8)
        }
        return true
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
    }
}

extension SQLConnection {
    /// Does what ``selectOne(_:_:as:)`` does for a condition that fits one row at most, without asking again for what the
    /// engine remembers.
    func selectRemembered<Row: StoredRow>(
        _ condition: String,
        _ parameters: [SQLValue],
        as type: Row.Type = Row.self
    ) throws(StorageFailure) -> Row? {
        try recalled(.init(table: Row.table, condition: condition, parameters: parameters), as: type)?.row
    }

    /// The same, for a row that nobody may use before `check` has found nothing wrong with it; a row that is remembered
    /// is checked once.
    func selectRemembered<Row: StoredRow>(
        _ condition: String,
        _ parameters: [SQLValue],
        as type: Row.Type = Row.self,
        checkedBy check: (Row) throws -> Void
    ) throws -> Row? {
        let question = RememberedRows.Question(table: Row.table, condition: condition, parameters: parameters)
        guard let found = try recalled(question, as: type) else { return nil }
        if !found.isChecked {
            try check(found.row)
            changes.group?.remembered.remember(.init(row: found.row, isChecked: true), for: question)
        }
        return found.row
    }

    /// The row from memory, or from the table and remembered from now on.
    private func recalled<Row: StoredRow>(
        _ question: RememberedRows.Question,
        as type: Row.Type
    ) throws(StorageFailure) -> (row: Row, isChecked: Bool)? {
        let remembered = changes.group?.remembered
        if let known = remembered?.known(of: question), let row = known.row as? Row { return (row, known.isChecked) }
        guard let row = try selectOne(question.condition, question.parameters, as: type) else { return nil }
        remembered?.remember(.init(row: row), for: question)
        return (row, false)
    }
}
