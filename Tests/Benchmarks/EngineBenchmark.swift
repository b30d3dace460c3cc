// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What containers with an agent take beside those without: `Tests/Engines/run --measure`, with real engines.
struct EngineBenchmark {
    private static let engines = ["runc", "podman", "precreate", "docker"]

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        report.begin("Containers that run /bin/true, the fetch included, data on a tmpfs")
        try measureMemory(&report)
        let script = "Tests/Engines/run"
        guard access(script, X_OK) == 0 else {
            return skipStarts(&report, because: "\(script) is not in this folder")
        }
        let process = try ChildProcess(
            script,
            [place.programs, "--measure"] + Self.engines,
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
            log: "\(place.sockets)/engines.log"
        )
        let lines = try process.finish(within: 1_800).split(separator: "\n").map { $0.split(separator: " ") }
        let one = rows(lines, "measured")
        let many = rows(lines, "parallel")
        for row in one {
            report.judge(
                Threshold("what \(row.engine) takes longer with an agent", Thresholds.containerStart.bound),
                row.result
            )
        }
        for row in many {
            report.judge(
                Threshold("100 at once with \(row.engine), with an agent ÷ without", Thresholds.containersAtOnce.bound),
                row.result
            )
        }
        report.table(
            ["80 in turn", "without", "with", "difference"],
            one.map { [$0.engine, "\($0.without) ms", "\($0.with) ms", "\($0.result) ms"] }
        )
        report.table(
            ["100 at once", "without", "with", "ratio"],
            many.map { [$0.engine, "\($0.without) ms", "\($0.with) ms", "\($0.result) ×"] }
        )
        if one.isEmpty { skipStarts(&report, because: "no engine could be started here") }
    }

    private func skipStarts(_ report: inout Report, because reason: String) {
        report.skip(Thresholds.containerStart, because: reason)
        report.skip(Thresholds.containersAtOnce, because: reason)
    }

    private func rows(
        _ lines: [[Substring]],
        _ kind: Substring
    ) -> [(engine: String, without: Substring, with: Substring, result: Double)] {
        lines.compactMap { line in
            guard line.count == 5, line[0] == kind, let result = Double(line[4]) else { return nil }
            return (String(line[1]), line[2], line[3], result)
        }
    }

    /// The hook where it has most to do: the edit of a bundle that is larger than docker's.
    private func measureMemory(_ report: inout Report) throws(BenchmarkError) {
        guard let measuring = try MeasuringPrograms(place: place) else {
            return report.skip(Thresholds.hookMemory, because: "no C compiler that links statically")
        }
        let folder = try place.folder("hook", in: place.disk)
        let runtime = "\(folder)/attache-runtime"
        guard symlink(try place.program("attache-hook"), runtime) == 0 else { throw .system("symlink", errno) }
        _ = try place.folder("agents", in: folder)
        let calls = (0..<1_000).map { "{\"names\":[\"call\($0)\"],\"action\":\"SCMP_ACT_ALLOW\"}" }
        let config = """
            {"process":{"args":["true"]},"annotations":{"io.attache.agent":"web"},
             "linux":{"seccomp":{"syscalls":[\(calls.joined(separator: ","))]}}}
            """
        try place.write(config, to: "\(folder)/config.json")
        try place.write(
            """
            {"runtime": "\(measuring.floor)", "exec": "\(measuring.floor)", "agentSocket": "\(folder)/agents/agent.sock"}
            """,
            to: "\(folder)/hook.json"
        )
        let hook = LaunchedProgram(
            name: "attache-runtime",
            variables: ["ATTACHE_HOOK_CONFIG=\(folder)/hook.json"],
            path: runtime,
            // Not `create`, which would tell a server of the container.
            arguments: ["run", "--bundle", folder, "container"]
        )
        // Once: an edited bundle stays as it is.
        report.judge(
            Thresholds.hookMemory,
            try Launches([hook], rounds: 1, with: measuring, place: place).peakMemory[0]
        )
    }
}
