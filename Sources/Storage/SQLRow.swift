// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// One row of a result, read by the position of its columns.
///
/// A column that does not hold what the schema says is ``StorageFailure/corrupt``.
package struct SQLRow: Equatable, Sendable {
    package let values: [SQLValue]

    package init(_ values: [SQLValue]) {
        self.values = values
    }

    package func optionalText(_ index: Int) throws(StorageFailure) -> String? {
        switch try value(index) {
        case .null: nil
        case .text(let text): text
        case .integer, .blob: throw .corrupt
        }
    }

    package func text(_ index: Int) throws(StorageFailure) -> String {
        guard let text = try optionalText(index) else { throw .corrupt }
        return text
    }

    package func optionalInteger(_ index: Int) throws(StorageFailure) -> Int64? {
        switch try value(index) {
        case .null: nil
        case .integer(let integer): integer
        case .text, .blob: throw .corrupt
        }
    }

    package func integer(_ index: Int) throws(StorageFailure) -> Int64 {
        guard let integer = try optionalInteger(index) else { throw .corrupt }
        return integer
    }

    package func optionalBlob(_ index: Int) throws(StorageFailure) -> [UInt8]? {
        switch try value(index) {
        case .null: nil
        case .blob(let bytes): bytes
        case .integer, .text: throw .corrupt
        }
    }

    package func blob(_ index: Int) throws(StorageFailure) -> [UInt8] {
        guard let bytes = try optionalBlob(index) else { throw .corrupt }
        return bytes
    }

    private func value(_ index: Int) throws(StorageFailure) -> SQLValue {
        guard values.indices.contains(index) else { throw .corrupt }
        return values[index]
    }
}

extension SQLRow {
    /// The `count` columns from `offset` on, for one table of a join.
    func columns(from offset: Int, count: Int) -> SQLRow {
        SQLRow(Array(values[offset..<(offset + count)]))
    }

    func optionalTime(_ index: Int) throws(StorageFailure) -> Timestamp? {
        try optionalInteger(index).map(Timestamp.init(milliseconds:))
    }

    func time(_ index: Int) throws(StorageFailure) -> Timestamp {
        Timestamp(milliseconds: try integer(index))
    }

    func optionalID<Subject>(_ index: Int) throws(StorageFailure) -> Identifier<Subject>? {
        guard let text = try optionalText(index) else { return nil }
        guard let id = Identifier<Subject>(text) else { throw .corrupt }
        return id
    }

    func id<Subject>(_ index: Int) throws(StorageFailure) -> Identifier<Subject> {
        guard let id: Identifier<Subject> = try optionalID(index) else { throw .corrupt }
        return id
    }

    func optionalChoice<Choice: RawRepresentable<String>>(_ index: Int) throws(StorageFailure) -> Choice? {
        guard let text = try optionalText(index) else { return nil }
        guard let choice = Choice(rawValue: text) else { throw .corrupt }
        return choice
    }

    func choice<Choice: RawRepresentable<String>>(_ index: Int) throws(StorageFailure) -> Choice {
        guard let choice: Choice = try optionalChoice(index) else { throw .corrupt }
        return choice
    }

    func environmentName(_ index: Int) throws(StorageFailure) -> EnvironmentName {
        let text = try text(index)
        guard let name = try? EnvironmentName(text) else { throw .corrupt }
        return name
    }

    func optionalProvider(_ index: Int) throws(StorageFailure) -> ProviderID? {
        guard let text = try optionalText(index) else { return nil }
        guard let provider = ProviderID(text) else { throw .corrupt }
        return provider
    }
}
