// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Glibc

/// One run of the program: parses, runs the command, and tells the error, in one place.
package enum CommandLineRun {
    /// Runs the program by the name that it was called by, which may stand for a command, and returns the exit status.
    package static func run(as program: String, _ arguments: [String]) async -> Int32 {
        await run(command(of: program) + arguments)
    }

    /// The command that another name of the program stands for, with the folder that it was called in or without.
    package static func command(of program: String) -> [String] {
        switch program.split(separator: "/").last.map(String.init) {
        case CredentialHelperCommand.programName: ["credential-helper"]
        default: []
        }
    }

    /// Runs the command that the arguments name, without the program's own name, and returns the exit status.
    package static func run(_ arguments: [String]) async -> Int32 {
        do {
            let command = try await AttacheCommand.asyncParseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                var command = command
                try command.run()
            }
            return ExitStatus.done.rawValue
        } catch {
            if arguments.first == ComposeCommand.configuration.commandName, let failure = Failure(error),
                AttacheCommand.exitCode(for: error) != .success
            {
                ComposeCommand.tell(failure)
                return failure.status.rawValue
            }
            return report(error, asJSON: wantsJSON(arguments))
        }
    }

    private static func report(_ error: any Error, asJSON: Bool) -> Int32 {
        // Help, the version and completion scripts are thrown too.
        if AttacheCommand.exitCode(for: error) == .success {
            do {
                try StandardStream.output.write(AttacheCommand.fullMessage(for: error) + "\n")
                return ExitStatus.done.rawValue
            } catch {
                return report(error, asJSON: asJSON)
            }
        }
        guard let failure = Failure(error) else { return AttacheCommand.exitCode(for: error).rawValue }
        StandardStream.error.tell(asJSON ? failure.json + "\n" : failure.lines)
        return failure.status.rawValue
    }

    /// Whether errors are wanted as JSON, known even where the command line cannot be parsed.
    ///
    /// What follows `--` belongs to another program.
    package static func wantsJSON(_ arguments: [String]) -> Bool {
        arguments.prefix { $0 != "--" }.contains("--json")
    }
}

extension ExitStatus {
    /// Ends a command with this status when everything there is to tell has been told.
    var exit: ExitCode { ExitCode(rawValue) }
}
