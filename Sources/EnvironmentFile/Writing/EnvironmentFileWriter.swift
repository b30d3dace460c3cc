// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// Writes variables as a `.env` file that readers take for what was meant.
///
/// Each value is written in the form that most readers give back unchanged, which is found by reading it. Variables
/// only: their values are readable by definition, so they are `String`.
package struct EnvironmentFileWriter {
    /// A value that some reader takes for another one, or refuses the file for.
    package struct Difference: Equatable, Sendable {
        package let name: EnvironmentName
        package let readers: [ReaderProgram]
    }

    /// The file so far.
    package private(set) var text: String
    /// In the order of the file.
    package private(set) var differences: [Difference] = []
    /// Names with a value that cannot be written for the reader, or for the import itself; they are comments.
    package private(set) var unwritten: [EnvironmentName] = []

    /// Whom the file is for; nil means all.
    private let dialect: Dialect?

    /// Begins a file with `comment`, a line of its own.
    package init(for dialect: Dialect? = nil, comment: String) {
        self.dialect = dialect
        text = "# \(comment)\n"
    }

    /// Appends a variable.
    package mutating func append(_ name: EnvironmentName, _ value: String) {
        guard let (form, readers) = best(name, value) else {
            unwritten.append(name)
            text += "# no form of this value is read back as it is\n"
            return appendName(name)
        }
        if !readers.isEmpty {
            differences.append(Difference(name: name, readers: readers))
            text += "# read otherwise, or refused, by: \(readers.map(\.rawValue).joined(separator: ", "))\n"
        }
        text += form.assignment(to: name)
    }

    /// Appends a name without its value, as a comment.
    package mutating func appendName(_ name: EnvironmentName) { text += "# \(name.text)=\n" }

    /// The form that most readers understand, and the readers that do not; nil where those do not for whom it is.
    private func best(_ name: EnvironmentName, _ value: String) -> (ValueSpelling, [ReaderProgram])? {
        let audience = dialect.map { [ReaderProgram($0)] } ?? ReaderProgram.allCases
        var best: (form: ValueSpelling, others: [ReaderProgram])?
        for form in ValueSpelling.all(of: value) {
            // A file that the import refuses helps nobody.
            guard ReaderProgram(dialect ?? .attache).reads(form, as: value, of: name) else { continue }
            let others = audience.filter { !$0.reads(form, as: value, of: name) }
            if others.isEmpty { return (form, []) }
            if best == nil || others.count < (best?.others.count ?? 0) { best = (form, others) }
        }
        return best
    }
}
