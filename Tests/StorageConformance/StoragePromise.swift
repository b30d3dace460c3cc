// SPDX-License-Identifier: Apache-2.0

package import Storage

/// One sentence that holds for every engine, and the acts that show it.
package struct StoragePromise: CustomStringConvertible, Sendable {
    package let sentence: String
    private let demonstrate: @Sendable (any SQLEngine) async throws -> Void

    init(_ sentence: String, _ demonstrate: @escaping @Sendable (any SQLEngine) async throws -> Void) {
        self.sentence = sentence
        self.demonstrate = demonstrate
    }

    package var description: String { sentence }

    /// Throws ``BrokenPromise`` when it does not hold on `engine`, a migrated database without rows.
    package func check(on engine: any SQLEngine) async throws {
        try await demonstrate(engine)
    }

    /// What the store promises, by topic.
    package static let all =
        transactions + people + accounts + entries + credentials + agents + attachments + tokens + instances
        + auditTrail
        + idempotency + containers + providerAttachments
}

/// A promise that does not hold, and the line of the conformance suite that found out.
package struct BrokenPromise: CustomStringConvertible, Error {
    package let file: String
    package let line: UInt
    package let finding: String

    package var description: String { "\(file):\(line): \(finding)" }
}

func expect(_ holds: Bool, file: String = #fileID, line: UInt = #line) throws(BrokenPromise) {
    guard holds else { throw BrokenPromise(file: file, line: line, finding: "does not hold") }
}

func expectEqual<Value: Equatable>(
    _ found: Value?,
    _ expected: Value?,
    file: String = #fileID,
    line: UInt = #line
) throws(BrokenPromise) {
    guard found == expected else {
        throw BrokenPromise(
            file: file,
            line: line,
            finding: "found \(String(describing: found)), expected \(String(describing: expected))"
        )
    }
}

/// Expects that `act`, a write of its own, is refused for breaking a rule of the schema.
func expectConstraint(
    on engine: any SQLEngine,
    file: String = #fileID,
    line: UInt = #line,
    _ act: @escaping @Sendable (any SQLConnection) throws -> Void
) async throws {
    do {
        try await engine.write(act)
    } catch StorageFailure.constraint {
        return
    }
    throw BrokenPromise(file: file, line: line, finding: "was not refused")
}
