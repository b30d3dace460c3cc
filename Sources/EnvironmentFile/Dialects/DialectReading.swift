// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// One reader's way with a text.
protocol DialectReader {
    /// Reads all of `text`, which is UTF-8, without NUL and without a byte order mark.
    static func read(_ text: UnsafeRawBufferPointer, into reading: inout DialectReading)
}

/// What a reader makes of a text: assignments in their order, and places that keep it from being imported.
struct DialectReading {
    struct Assignment {
        let name: EnvironmentName
        let value: SharedSecret
        let index: Int
    }

    private(set) var assignments: [Assignment] = []
    private(set) var problems: [(code: FindingCode, index: Int)] = []
    private var values: [EnvironmentName: SharedSecret] = [:]
    /// What all values have together; references could make it much more than the text.
    private var totalBytes = 0

    /// Whether reading on is of no use.
    private(set) var isOver = false

    /// The value that the name has so far, which is what a reference to it stands for.
    func value(of name: UnsafeRawBufferPointer) -> SharedSecret? {
        // Only what is a name becomes a string; any other part of a text may belong to a value.
        environmentName(name).flatMap { values[$0] }
    }

    /// Gives a name its value; a name that no process should have is a problem.
    mutating func assign(
        _ value: ValuePieces,
        from source: UnsafeRawBufferPointer,
        to name: UnsafeRawBufferPointer,
        at index: Int
    ) {
        guard !value.isTooLong else { return report(.tooLong, at: index) }
        assign(value.value(from: source), to: name, at: index)
    }

    mutating func assign(_ value: consuming SecretBytes, to name: UnsafeRawBufferPointer, at index: Int) {
        guard let name = environmentName(name) else { return report(.name, at: index) }
        totalBytes += value.count
        guard totalBytes <= 16 * EnvironmentFileReader.maximumFileBytes else { return refuse(.tooLong, at: index) }
        let shared = SharedSecret(value)
        values[name] = shared
        assignments.append(Assignment(name: name, value: shared, index: index))
    }

    /// Takes back what a name was given.
    mutating func remove(_ name: UnsafeRawBufferPointer) {
        guard let name = environmentName(name), values.removeValue(forKey: name) != nil else { return }
        assignments.removeAll { $0.name == name }
    }

    mutating func report(_ code: FindingCode, at index: Int) {
        problems.append((code, index))
    }

    /// Reports a problem that ends the reading: the reader gives nothing of the file.
    mutating func refuse(_ code: FindingCode, at index: Int) {
        report(code, at: index)
        isOver = true
    }

    private func environmentName(_ bytes: UnsafeRawBufferPointer) -> EnvironmentName? {
        guard bytes.count <= EnvironmentName.maximumBytes, bytes.allSatisfy(\.isNameByte) else { return nil }
        return try? EnvironmentName(String(decoding: bytes, as: UTF8.self))
    }
}

extension Dialect {
    /// The reader whose rules they are; nil for the own dialect.
    var reader: (any DialectReader.Type)? {
        switch self {
        case .attache: nil
        case .compose: ComposeDialect.self
        case .docker: DockerDialect.self
        case .node: NodeDialect.self
        case .python: PythonDialect.self
        case .ruby: RubyDialect.self
        case .shell: ShellDialect.self
        case .systemd: SystemdDialect.self
        }
    }

    /// What its reader does to a byte order mark; where it keeps it, the mark is part of the first name.
    var skipsByteOrderMark: Bool {
        switch self {
        case .attache, .compose, .docker, .ruby: true
        case .node, .python, .shell, .systemd: false
        }
    }

    var lineEnds: LineEnds {
        switch self {
        case .python, .ruby: .unified
        case .node: .withoutReturns
        case .attache, .compose, .docker, .shell, .systemd: .asTheyAre
        }
    }

    /// What a reader does to line ends before it looks at anything else.
    enum LineEnds {
        case asTheyAre
        /// CR LF and CR become LF.
        case unified
        /// Every CR is dropped.
        case withoutReturns
    }
}
