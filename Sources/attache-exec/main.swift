// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The whole program, one step a line: the target is found before anything is asked, and nothing is changed for good.
func run() throws(Failure) -> Never {
    let environment = InheritedEnvironment()
    guard let arguments = ckernel_exec_arguments() else { throw .usage("no arguments") }
    let options = try Options(arguments: arguments, environment: environment)
    ckernel_exec_forbid_core_dump()
    ckernel_exec_take_signals()
    var target = try Target(command: options.commandName, searching: environment["PATH"]?.value)

    var start = try Start(environment: environment, options: options)
    let answer = try start.fetch()
    environment.wipeToken()

    let given = try Selection(options: options, inherited: environment).choose(from: answer?.strings ?? [])
    let vector = EnvironmentVector(inherited: environment, given: given, options: options)
    try ArgumentSpace.checkStrings(given)
    if given.contains(where: { $0.name == "PATH" }) {
        target = try Target(command: options.commandName, searching: vector["PATH"]?.value)
    }
    try ArgumentSpace(target, options.command, vector).check(vector)
    ckernel_exec_restore()
    throw target.execute(options.command, vector)
}

do throws(Failure) { try run() } catch { error.end() }
