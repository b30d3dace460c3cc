// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// Programs that read `.env` files, as the table of `docs/env-files.md` has them.
///
/// The raw values are part of the interface.
package enum ReaderProgram: String, CaseIterable, Sendable {
    case attache
    case compose
    case direnv
    case docker
    /// The package dotenv for JavaScript.
    case dotenv
    case godotenv
    case node
    case python
    case ruby
    case shell
    case systemd

    package init(_ dialect: Dialect) {
        self =
            switch dialect {
            case .attache: .attache
            case .compose: .compose
            case .docker: .docker
            case .node: .node
            case .python: .python
            case .ruby: .ruby
            case .shell: .shell
            case .systemd: .systemd
            }
    }

    /// The dialect that reads as this program does; nil where only rules about forms are known.
    private var dialect: Dialect? { Dialect.allCases.first { ReaderProgram($0) == self } }

    /// Whether this program gives `name` exactly `value` for the line, or lines, that `form` makes.
    func reads(_ form: ValueSpelling, as value: String, of name: EnvironmentName) -> Bool {
        guard let dialect else { return form.isUnderstood(by: self) }
        guard form.isClosed(for: self) else { return false }
        var options = ReadingOptions()
        options.dialect = dialect
        let parsed = Array(form.assignment(to: name).utf8).withUnsafeBytes { EnvironmentFileReader.parse($0, options) }
        guard parsed.entries.count == 1, let entry = parsed.entries.first, entry.name == name else { return false }
        return entry.value.bytes.withBytes { $0.elementsEqual(value.utf8) }
    }
}
