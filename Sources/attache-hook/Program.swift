// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The program by the name that it was called by: `attache-runtime` is an OCI runtime, `attache-hook` has commands.
struct Program {
    private let arguments: [String]

    /// `vector` is the arguments as the kernel handed them over, its end a null.
    private let vector: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>

    init(_ vector: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>) {
        self.vector = vector
        var arguments: [String] = []
        while let argument = vector[arguments.count] { arguments.append(String(cString: argument)) }
        self.arguments = arguments
    }

    /// Returns the exit status, unless the process became another one.
    func run() -> Int32 {
        if let name = arguments.first, ContainerParts.lastPart(of: name) == "attache-runtime" {
            return RuntimeShim(arguments: Array(arguments.dropFirst()), vector: vector).run()
        }
        do throws(HookFailure) {
            try runCommand()
            return 0
        } catch {
            error.print(as: "attache-hook")
            return error.status
        }
    }

    private func runCommand() throws(HookFailure) {
        guard arguments.count > 1 else { throw .usage("no command; try attache-hook --help") }
        let rest = Array(arguments.dropFirst(2))
        switch arguments[1] {
        case "precreate": try Precreate(Flags(rest, ["--config"])).run()
        case "register":
            try LifecycleHook(Flags(rest, ["--config", "--agent", "--workspace"], switches: ["--offline"])).register()
        case "end": try LifecycleHook(Flags(rest, ["--config", "--workspace"])).end()
        case "--help", "-h", "help": try StandardOutput.write(Array(Self.help.utf8))
        case "--version": try StandardOutput.write(Array("attache-hook \(Self.version)\n".utf8))
        default: throw .usage("unknown command; try attache-hook --help")
        }
    }

    static let version = "0.1.0"

    private static let help = """
        attache-hook: puts attache-exec in front of the process of an unchanged container image.

        A container names its agent by the annotation io.attache.agent, or by ATTACHE_AGENT in its environment; any
        other container is left alone. attache engines install writes what an engine needs.

          attache-runtime ARGUMENTS…   the same program as an OCI runtime: edits the bundle, then has runc or crun do it, and
                                       tells the server whose container that is
          attache-hook precreate [--config FILE]
                                       podman's precreate hook: config.json from standard input to standard output
          attache-hook register --agent NAME [--workspace NAME] [--offline] [--config FILE]
                                       createRuntime hook: tells the server whose container this is
          attache-hook end [--workspace NAME] [--config FILE]
                                       poststop hook: tells the server that the container has ended

        The file is /etc/attache/hook.json, or what ATTACHE_HOOK_CONFIG or --attache-config=FILE of attache-runtime says:
        {"socket": "…", "agentSocket": "…", "exec": "…", "runtime": "…"}, each of them optional.

        Example:
          docker run --runtime attache --annotation io.attache.agent=web IMAGE

        """
}

/// Flags of one of the commands, each with a value or a switch.
struct Flags {
    private var values: [String: String] = [:]
    private var given: Set<String> = []

    init(_ arguments: [String], _ names: Set<String>, switches: Set<String> = []) throws(HookFailure) {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            if switches.contains(flag) {
                given.insert(flag)
                continue
            }
            guard names.contains(flag) else { throw .usage("unknown argument; try attache-hook --help") }
            guard let value = rest.popFirst() else { throw .usage("\(flag) takes a value") }
            values[flag] = value
        }
    }

    subscript(_ name: String) -> String? { values[name] }

    func has(_ name: String) -> Bool { given.contains(name) }
}
