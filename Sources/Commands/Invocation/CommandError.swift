// SPDX-License-Identifier: Apache-2.0

/// Why a command does not get as far as the server, or cannot use what it answered.
///
/// No case carries a value, a token or a line of a file. Texts are lower case and without a period, as they are printed.
package enum CommandError: Error, Equatable {
    /// The command line, or a variable that stands for a part of it.
    case usage(String, hint: String? = nil)
    case unreadableFile(path: String, reason: String)
    case fileTooLarge(path: String, limit: Int)
    case value(ValueProblem)
    /// `attache-exec` is not where it is looked for: at `path`, or in all the places.
    case wrapperMissing(path: String?)
    case wrapperFailed(path: String, reason: String)
    case notAttached(names: [String], agent: String)
    /// An import would not be carried out, for these reasons.
    case importConflict([String])
    /// Variables that an export has no values of.
    case notExported([String])
    /// A file named on the command line has errors; each is a line of its own.
    case invalidFile(path: String, findings: [String])
    /// The user left without doing what the command is for.
    case cancelled
    /// Not every instance that was told to restart is back on current values.
    case restartIncomplete(synced: Int, told: Int)
    case auditDamaged
    /// So many rows of the vault do not verify.
    case vaultDamaged(rows: Int64)
    /// A backup was not made, verified or restored.
    case backup(String, hint: String?)
    /// A configuration file of a container engine cannot be read or written.
    case engineFile(path: String, reason: String)
    case outputFailed(reason: String)
    /// `serve`: the configuration or the key cannot work.
    case serverConfiguration(String, hint: String?)
    /// `serve`: the server does not start, or stopped.
    case serverFailed(String, hint: String?)
}

/// Why there is no value to store.
package enum ValueProblem: Equatable, Sendable {
    case empty
    case tooLong
    case notUTF8
    case severalLines
    /// The terminal ended the input before a line was there.
    case noLine
    /// It would end the user of basic authentication.
    case colonInUser
    /// A terminal may have cut it (termios(3)).
    case userTooLong
}
