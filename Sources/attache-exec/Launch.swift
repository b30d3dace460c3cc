// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The way from an answer to the command: merge, check, become.
struct Launch {
    let environment: InheritedEnvironment
    let options: Options
    /// Found before anything was asked.
    let target: Target

    /// Selects, merges and checks; the files that are asked for are made in the calling process.
    func prepare(_ strings: [EnvironmentString]) throws(Failure) -> PreparedCommand {
        let given = try Selection(options: options, inherited: environment).choose(from: strings)
        let vector = EnvironmentVector(inherited: environment, given: given, options: options)
        try ArgumentSpace.checkStrings(given)
        var target = target
        if given.contains(where: { $0.name == "PATH" }) {
            target = try Target(command: options.commandName, searching: vector["PATH"]?.value)
        }
        try ArgumentSpace(target, options.command, vector).check(vector)
        return PreparedCommand(target: target, arguments: options.command, vector: vector)
    }
}

/// A command with everything that execve(2) takes.
struct PreparedCommand {
    let target: Target
    let arguments: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>
    let vector: EnvironmentVector

    /// Puts back what was inherited and becomes the command, or says why it cannot.
    func execute() -> Failure {
        ckernel_exec_restore()
        return target.execute(arguments, vector)
    }
}
