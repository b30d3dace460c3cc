// SPDX-License-Identifier: Apache-2.0

internal import APITypes
internal import ArgumentParser
internal import ServerApp
internal import VaultModel

/// What the commands have in common that read a backup without a server.
struct OfflineBackupOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The file of the master key (ATTACHE_MASTER_KEY_FILE).", valueName: "path"))
    var masterKeyFile: String?

    @Option(help: ArgumentHelp("The folder of the backups (ATTACHE_BACKUPS_FOLDER).", valueName: "path"))
    var backupsFolder: String?

    @Option(name: .customLong("config"), help: ArgumentHelp("The server's configuration file.", valueName: "path"))
    var configurationFile: String?

    @Flag(help: "Print one JSON document; errors as JSON on stderr.")
    var json = false

    /// Lends what works on backups, and tells people how far it is; then prints what it reports.
    func report(
        data: String? = nil,
        _ body: (OfflineBackups, @escaping @Sendable (String, Int64, Int64) -> Void) async throws(ServeError) ->
            BackupReport
    ) async throws(CommandError) {
        var options = ServeOptions()
        options.data = data
        options.masterKeyFile = masterKeyFile
        options.backupsFolder = backupsFolder
        options.configurationFile = configurationFile
        let teller = BackupProgressTeller(isQuiet: json)
        let report: BackupReport
        do {
            let backups = try await OfflineBackups(options, version: ProductVersion.text)
            report = try await body(backups) { teller.tell($0, $1, of: $2) }
        } catch {
            throw error.isConfiguration
                ? .serverConfiguration(error.text, hint: error.hint) : .backup(error.text, hint: error.hint)
        }
        try StandardStream.output.write(json ? JSONDocument(report).text + "\n" : report.lines)
        guard report.intact else { throw .vaultDamaged(rows: Int64(report.problems.count)) }
    }
}

extension BackupReport {
    fileprivate var lines: String {
        var fields = FieldList()
        fields.add("backup", file)
        fields.add("made", createdAt.localWithZone)
        fields.add("restored into", data)
        fields.add("intact", intact ? "yes" : "no")
        fields.add("rows", String(rows))
        fields.add("records", String(records))
        fields.add("audit entries", String(auditEntries))
        for problem in problems { fields.add("problem", problem) }
        return fields.text
    }
}
