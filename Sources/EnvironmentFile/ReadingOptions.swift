// SPDX-License-Identifier: Apache-2.0

/// Whose rules a `.env` file is read by.
///
/// The raw values are part of the interface. Which version of each reader is followed stands in `docs/env-files.md`.
package enum Dialect: String, CaseIterable, Sendable {
    /// The rules of `docs/env-files.md`.
    case attache
    case compose
    case docker
    case node
    case python
    case ruby
    case shell
    case systemd
}

/// What the text of a file is made of; the raw values are part of the interface.
package enum FileFormat: String, CaseIterable, Sendable {
    case env
    /// One flat object.
    case json
    /// One flat mapping.
    case yaml
}

/// How a file is read.
package struct ReadingOptions: Sendable, Equatable {
    package var format = FileFormat.env
    /// Means something for ``FileFormat/env`` only.
    package var dialect = Dialect.attache
    /// Whether `${NAME}` and the like stand for values that are given earlier in the same file; of the own dialect only,
    /// the others do what their readers do.
    package var interpolatesFile = false
    /// Whether what is ambiguous or a risk is an error.
    package var isStrict = false
    /// Codes that are not reported; an error is reported in any case.
    package var accepted: Set<FindingCode> = []

    package init() {}
}
