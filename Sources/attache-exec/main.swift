// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The whole program, one step a line: the target is found before anything is asked, and nothing is changed for good.
func run() throws(Failure) -> Never {
    let environment = InheritedEnvironment()
    guard let arguments = ckernel_exec_arguments() else { throw .usage("no arguments") }
    let options = try Options(arguments: arguments, environment: environment)
    ckernel_exec_forbid_core_dump()
    ckernel_exec_take_signals()
    let target = try Target(command: options.commandName, searching: environment["PATH"]?.value)

    let launch = Launch(environment: environment, options: options, target: target)

    var start = try Start(environment: environment, options: options)
    if options.supervision.isWanted {
        environment.wipeToken()
        var supervisor = try Supervisor(launch, start)
        try supervisor.run()
    }
    let answer = try start.fetch()
    environment.wipeToken()
    throw try launch.prepare(answer?.strings ?? []).execute()
}

do throws(Failure) { try run() } catch { error.end() }
