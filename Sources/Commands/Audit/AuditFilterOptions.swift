// SPDX-License-Identifier: Apache-2.0

internal import APIClient
internal import ArgumentParser
internal import VaultModel

/// Which entries of the trail a list shows.
struct AuditFilterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only this action, such as entry.update.", valueName: "action"))
    var action: String?

    @Option(help: ArgumentHelp("Only what this one did: api_key:ID, or api_key for all of a kind.", valueName: "who"))
    var actor: String?

    @Option(help: ArgumentHelp("Only entries about what has this id or name.", valueName: "name"))
    var subject: String?

    @Flag(help: "Only what was refused.")
    var denied = false

    @Option(help: ArgumentHelp("Only from this time on: 2027-01-31T00:00:00Z, or 7d ago.", valueName: "time"))
    var since: Moment?

    @Option(help: ArgumentHelp("Only before this time.", valueName: "time"))
    var until: Moment?

    var query: AuditQuery {
        let now = SystemWallClock().now
        var query = AuditQuery()
        query.action = action
        query.actor = actor
        query.subject = subject
        query.isAllowed = denied ? false : nil
        query.since = since?.time(before: now)
        query.until = until?.time(before: now)
        return query
    }
}

/// Which chain a command is about.
struct AuditChainOptions: ParsableArguments {
    @Flag(help: "The trail of what belongs to no workspace, such as guessed tokens; for the operator of the machine.")
    var system = false
}
