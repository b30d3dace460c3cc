// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A row struct that knows its table and the order of its columns.
protocol StoredRow: Sendable {
    static var table: String { get }
    static var columns: [String] { get }

    init(_ row: SQLRow) throws(StorageFailure)

    /// In the order of ``columns``.
    var values: [SQLValue] { get }
}

extension StoredRow {
    /// The columns for a SELECT, qualified with `table` in a join.
    static func columnList(of table: String? = nil) -> String {
        columns.map { column in table.map { "\($0).\(column)" } ?? column }.joined(separator: ", ")
    }
}

extension SQLConnection {
    func insert<Row: StoredRow>(_ row: Row) throws(StorageFailure) {
        try execute(StatementText.of(Row.self).insert, row.values)
    }

    /// Inserts rows, in this order.
    func insert<Row: StoredRow>(_ rows: [Row]) throws(StorageFailure) {
        try execute(StatementText.of(Row.self).insert, times: rows.count) { rows[$0].values }
    }

    /// Inserts unless a row with the same `key`, the columns of a unique constraint, is there; says whether it did.
    func insert<Row: StoredRow>(_ row: Row, orKeepingEqual key: String) throws(StorageFailure) -> Bool {
        let insert = StatementText.of(Row.self).insert
        return try execute("\(insert) ON CONFLICT (\(key)) DO NOTHING", row.values) == 1
    }

    /// Selects rows of one table; `rest` begins with WHERE or ORDER BY.
    func select<Row: StoredRow>(
        _ rest: String,
        _ parameters: [SQLValue],
        as type: Row.Type = Row.self
    ) throws(StorageFailure) -> [Row] {
        let rows = try query("\(StatementText.of(Row.self).select) \(rest)", parameters)
        return try rows.map { row throws(StorageFailure) in try Row(row) }
    }

    func selectOne<Row: StoredRow>(
        _ rest: String,
        _ parameters: [SQLValue],
        as type: Row.Type = Row.self
    ) throws(StorageFailure) -> Row? {
        try select(rest, parameters, as: type).first
    }

    func count(_ sql: String, _ parameters: [SQLValue]) throws(StorageFailure) -> Int {
        guard let row = try query(sql, parameters).first else { throw .corrupt }
        return Int(try row.integer(0))
    }
}

/// The beginnings of the statements on one table, written once: thousands of them run each second.
private struct StatementText {
    let insert: String
    let select: String

    private init<Row: StoredRow>(writing row: Row.Type) {
        let places = (1...Row.columns.count).map { "$\($0)" }.joined(separator: ", ")
        insert = "INSERT INTO \(Row.table) (\(Row.columnList())) VALUES (\(places))"
        select = "SELECT \(Row.columnList()) FROM \(Row.table)"
    }

    static func of<Row: StoredRow>(_ row: Row.Type) -> StatementText {
        written.withLock { written in
            if let text = written[ObjectIdentifier(row)] { return text }
            let text = StatementText(writing: row)
            written[ObjectIdentifier(row)] = text
            return text
        }
    }

    private static let written = Mutex<[ObjectIdentifier: StatementText]>([:])
}

/// A condition under construction: the parts that are given, joined with AND, and their parameters in order.
struct Condition {
    private(set) var parameters: [SQLValue] = []
    private var parts: [String] = []

    /// Adds a part that ends where its parameter stands, such as `id >`.
    mutating func add(_ part: String, _ parameter: SQLValue, closedBy end: String = "") {
        parameters.append(parameter)
        parts.append("\(part) $\(parameters.count)\(end)")
    }

    mutating func add(_ part: String) { parts.append(part) }

    /// Adds that `column`, which holds a folded text, contains `text` in any case.
    mutating func add(_ column: String, contains text: String) {
        // `!` makes the signs that LIKE reads as wildcards ordinary characters.
        var pattern = "%"
        for character in text.lowercased() {
            if character == "%" || character == "_" || character == "!" { pattern.append("!") }
            pattern.append(character)
        }
        parameters.append(.text(pattern + "%"))
        parts.append("\(column) LIKE $\(parameters.count) ESCAPE '!'")
    }

    /// What stands after WHERE.
    var sql: String { parts.joined(separator: " AND ") }

    /// The WHERE clause with an order and at most `limit` rows.
    func page(orderedBy order: String, limit: Int) -> (sql: String, parameters: [SQLValue]) {
        let sql = "WHERE \(sql) ORDER BY \(order) LIMIT $\(parameters.count + 1)"
        return (sql, parameters + [.integer(Int64(limit))])
    }
}
