// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import EnvironmentFile
internal import VaultModel

/// The `.env` files of an import, read before anything is decided.
struct ImportBundles: Sendable {
    /// One `.env` file: sent as it is, or found in an archive.
    struct Bundle: Sendable {
        /// The file's name or its path in the archive; nil for one file that was sent without a name.
        let name: String?
        let entries: [ParsedEntry]
    }

    static let maximumFiles = Archive.maximumBundles
    static let maximumEntries = EnvironmentFileReader.maximumEntries

    private(set) var bundles: [Bundle] = []
    private(set) var skipped: [SkippedFileBody] = []
    /// The gravest, in the order of their places.
    private(set) var findings: [FindingBody] = []
    private(set) var unlistedFindings = 0

    /// Reads the files of `request`, as far as it asks for them.
    ///
    /// One error in one of them, and nothing is read.
    init(reading request: ImportRequest) async throws(VaultError) {
        let options = try Self.readingOptions(of: request)
        guard (1...Self.maximumFiles).contains(request.files.count) else {
            throw .invalidField("file", reason: "an import has 1 to 64 files")
        }
        var reports: [FindingReport] = []
        for file in request.files {
            let prefix = request.files.count > 1 ? file.name.map { "\($0)/" } ?? "" : ""
            var texts = try await texts(of: file, prefix: prefix)
            // A text that was read is let go of: its values have memory of their own.
            texts.reverse()
            while let (name, text) = texts.popLast() {
                guard request.bundles.isEmpty || request.bundles.contains(name ?? "") else { continue }
                let parsed = EnvironmentFileReader.parse(text.bytes, options)
                bundles.append(Bundle(name: name, entries: parsed.entries))
                reports.append(FindingReport(bundle: name, parsed: parsed))
            }
        }
        list(reports)
        guard !reports.contains(where: \.parsed.hasErrors) else {
            throw .invalidFile(findings, unlisted: unlistedFindings)
        }
        try check(against: request)
    }

    private static func readingOptions(of request: ImportRequest) throws(VaultError) -> ReadingOptions {
        guard request.format == .env || request.dialect == .attache else {
            throw .invalidField("dialect", reason: "a dialect is for the format env")
        }
        let isOwn = request.format == .env && request.dialect == .attache
        guard request.interpolation == .off || isOwn else {
            throw .invalidField("interpolate", reason: "the other dialects replace what their readers replace")
        }
        var options = ReadingOptions()
        options.format = request.format.fileFormat
        options.dialect = request.dialect.dialect
        options.interpolatesFile = request.interpolation == .file
        options.isStrict = request.isStrict
        options.accepted = try acceptedCodes(of: request)
        return options
    }

    private static func acceptedCodes(of request: ImportRequest) throws(VaultError) -> Set<FindingCode> {
        var accepted: Set<FindingCode> = []
        for text in request.accepted {
            guard let code = FindingCode(rawValue: text), code.severity != .error else {
                throw .invalidField("accept", reason: "a code is one of the W_ codes of docs/env-files.md")
            }
            accepted.insert(code)
        }
        return accepted
    }

    /// The texts that `file` is or has in it, each with the name of its bundle.
    private mutating func texts(
        of file: ImportFile,
        prefix: String
    ) async throws(VaultError) -> [(name: String?, text: SharedSecret)] {
        guard file.contents.bytes.withBytes({ ArchiveKind(of: $0) }) != nil else {
            guard file.contents.bytes.count <= EnvironmentFileReader.maximumFileBytes else {
                throw .fileTooLarge(limit: EnvironmentFileReader.maximumFileBytes)
            }
            return [(file.name, file.contents)]
        }
        do throws(ArchiveError) {
            let archive = try await Archive.reading(file.contents)
            skipped += archive.skipped.map { SkippedFileBody(path: prefix + $0.path, reason: $0.reason.rawValue) }
            return archive.bundles.map { (prefix + $0.path, $0.text) }
        } catch {
            throw .invalidFile([FindingBody(error, of: file, prefix: prefix)], unlisted: 0)
        }
    }

    /// Keeps the gravest findings of all bundles, as many as those of one file.
    private mutating func list(_ reports: [FindingReport]) {
        let all = reports.flatMap { report in report.parsed.findings.map { (report.bundle, $0) } }
        let kept = Set(
            all.indices.sorted { (all[$0].1.severity.rank, $0) < (all[$1].1.severity.rank, $1) }
                .prefix(EnvironmentFileReader.maximumFindings)
        )
        findings = all.indices.filter(kept.contains).map { FindingBody(all[$0].1, in: all[$0].0) }
        unlistedFindings = reports.reduce(all.count - kept.count) { $0 + $1.parsed.unlistedFindings }
    }

    /// Refuses what the request names and nothing has, and more than one import may have.
    private func check(against request: ImportRequest) throws(VaultError) {
        let names = bundles.map(\.name)
        guard Set(names).count == names.count else {
            throw .invalidField("file", reason: "two files have the same name")
        }
        for (field, wanted) in [("bundle", request.bundles), ("merge", request.mergeOrder)] {
            guard wanted.allSatisfy(names.contains) else {
                throw .invalidField(field, reason: "no bundle of that name is in the import")
            }
            guard Set(wanted).count == wanted.count else {
                throw .invalidField(field, reason: "a bundle is named twice")
            }
        }
        guard bundles.reduce(0, { $0 + $1.entries.count }) <= Self.maximumEntries else {
            throw .limitReached("an import has at most 2,000 entries; import its bundles one by one")
        }
    }
}

/// What the reader said about one bundle.
private struct FindingReport {
    let bundle: String?
    let parsed: ParsedEnvironment
}

extension ImportFormat {
    fileprivate var fileFormat: FileFormat {
        switch self {
        case .env: .env
        case .json: .json
        case .yaml: .yaml
        }
    }
}

extension ImportDialect {
    fileprivate var dialect: Dialect {
        switch self {
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
}

extension FindingBody {
    init(_ finding: Finding, in bundle: String?) {
        self.init(
            file: bundle,
            line: finding.line,
            column: finding.column,
            code: finding.code.rawValue,
            severity: finding.isError ? FindingSeverity.error.rawValue : finding.code.severity.rawValue,
            text: finding.text
        )
    }

    /// An archive that was refused, with the member that is the reason.
    fileprivate init(_ error: ArchiveError, of file: ImportFile, prefix: String) {
        self.init(
            file: error.path.map { prefix + $0 } ?? file.name,
            line: 0,
            column: 0,
            code: error.rule.rawValue,
            severity: FindingSeverity.error.rawValue,
            text: error.text
        )
    }
}
