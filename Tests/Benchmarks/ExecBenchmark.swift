// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What putting `attache-exec` in front of a process costs, beside programs that only set variables.
///
/// All of them become `/bin/true`. The rounds alternate; the time is the parent's, from posix_spawn(3) to the end.
struct ExecBenchmark {
    private static let entryCount = 10
    private static let valueBytes = 64
    private static let rounds = 300
    private static let target = "/bin/true"

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        let wrapper = try place.program("attache-exec")
        report.begin(
            "Programs in front of \(Self.target), \(Self.entryCount) variables of \(Self.valueBytes) bytes",
            "\(Self.rounds) rounds, interleaved; attache-exec fetches over the agents' socket"
        )
        try judgeFile(wrapper, &report)
        guard let measuring = try MeasuringPrograms(place: place) else {
            report.note("SKIPPED: no C compiler `cc` in PATH")
            for threshold in [Thresholds.wrapperAgainstEnv, Thresholds.wrapperOnDisk, Thresholds.wrapperMemory] {
                report.skip(threshold, because: "no C compiler")
            }
            return
        }

        let onDisk = try Agent("exec-disk", data: place.folder("exec", in: place.disk), place: place)
        defer { onDisk.server.process.stop() }
        let inMemory = try place.memory.map { memory throws(BenchmarkError) in
            try Agent("exec-memory", data: place.folder("exec", in: memory), place: place)
        }
        defer { inMemory?.server.process.stop() }
        for agent in [onDisk, inMemory].compactMap(\.self) { try agent.checkDelivery(by: wrapper, place: place) }

        var cases = try peers(measuring, variables: onDisk.strings)
        if let inMemory { cases.append(inMemory.launch(wrapper, "attache-exec, data on tmpfs")) }
        cases.append(onDisk.launch(wrapper, "attache-exec, data on the disk"))
        let launches = try Launches(cases, rounds: Self.rounds, with: measuring, place: place)
        show(cases, launches, &report)

        let medians = Dictionary(uniqueKeysWithValues: zip(cases.map(\.name), launches.seconds.map(\.median)))
        let env = medians["env"] ?? .nan
        let disk = medians["attache-exec, data on the disk"] ?? .nan
        if let memory = medians["attache-exec, data on tmpfs"] {
            report.judge(Thresholds.wrapperAgainstEnv, memory / env)
            report.judge(Thresholds.wrapperOnDisk, (disk - memory) / launches.fdatasync.median)
        } else {
            report.skip(Thresholds.wrapperAgainstEnv, because: "no tmpfs at /dev/shm")
            report.skip(Thresholds.wrapperOnDisk, because: "no tmpfs at /dev/shm")
        }

        // In front of a program that needs next to nothing, so that the peak is the wrapper's own.
        let lean = try Launches(
            [onDisk.launch(wrapper, "attache-exec", target: measuring.floor)],
            rounds: 5,
            with: measuring,
            place: place
        )
        report.note("peak memory of attache-exec alone: \((lean.peakMemory[0] * 1e3).text(decimals: 0)) kB")
        report.judge(Thresholds.wrapperMemory, lean.peakMemory[0])
    }

    /// The programs that only set variables, and the target alone.
    private func peers(
        _ measuring: MeasuringPrograms,
        variables: [String]
    ) throws(BenchmarkError) -> [LaunchedProgram] {
        var cases = [
            LaunchedProgram(name: Self.target, path: Self.target, arguments: []),
            LaunchedProgram(name: "C, static", path: measuring.floor, arguments: [Self.target]),
            LaunchedProgram(name: "env", path: "/usr/bin/env", arguments: variables + [Self.target]),
        ]
        if let envdir = Machine.find("s6-envdir") {
            let folder = try place.folder("envdir", in: place.disk)
            for variable in variables {
                let parts = variable.split(separator: "=", maxSplits: 1)
                try place.write("\(parts[1])\n", to: "\(folder)/\(parts[0])")
            }
            cases.append(LaunchedProgram(name: "s6-envdir", path: envdir, arguments: [folder, Self.target]))
        }
        return cases
    }

    private func show(_ cases: [LaunchedProgram], _ launches: Launches, _ report: inout Report) {
        let env = cases.firstIndex { $0.name == "env" }.map { launches.seconds[$0].median } ?? .nan
        let rows = zip(cases, launches.seconds).map { program, seconds in
            [
                program.name, seconds.median.microseconds, seconds.minimum.microseconds,
                seconds.percentile(90).microseconds, (seconds.median / env).times,
            ]
        }
        report.table(["", "median", "lowest", "p90", "to env"], rows)
        if !cases.contains(where: { $0.name == "s6-envdir" }) { report.note("s6-envdir SKIPPED: not in PATH") }
        report.note(
            "fdatasync of 4 KiB appended, once a round: median \(launches.fdatasync.median.milliseconds), "
                + "p99 \(launches.fdatasync.percentile(99).milliseconds)"
        )
    }

    /// Size and kind of the file, as it is shipped.
    private func judgeFile(_ wrapper: String, _ report: inout Report) throws(BenchmarkError) {
        let file = try ExecutableFile(path: wrapper)
        report.judge(Thresholds.wrapperDynamicParts, Double(file.dynamicParts))
        guard let strip = Machine.find("strip") else {
            report.skip(Thresholds.wrapperSize, because: "no strip")
            return
        }
        let stripped = "\(place.disk)/attache-exec"
        _ = try ChildProcess(
            strip,
            ["-o", stripped, wrapper],
            environment: ["PATH": "/usr/bin:/bin"],
            log: "\(place.sockets)/strip.log"
        ).finish(within: 60)
        report.judge(Thresholds.wrapperSize, Double(try ExecutableFile(path: stripped).byteCount) / 1e6)
    }

    /// A server with one agent that has ten entries.
    private struct Agent {
        let server: AttacheServer
        let strings: [String]
        private let tokenFile: String

        init(_ name: String, data folder: String, place: Workplace) throws(BenchmarkError) {
            server = try AttacheServer(name, data: folder, place: place)
            strings = try server.createEntries(ExecBenchmark.entryCount, valueBytes: ExecBenchmark.valueBytes)
            let names = strings.map { String($0.prefix { $0 != "=" }) }
            tokenFile = "\(place.sockets)/\(name).token"
            try place.write(try server.createAgent("bench", entries: names), to: tokenFile)
        }

        private var variables: [String: String] {
            [
                "ATTACHE_ADDRESS": "unix://\(server.agentSocket)", "ATTACHE_GATEWAY_TOKEN_FILE": tokenFile,
                "ATTACHE_INSTANCE": "bench",
            ]
        }

        func launch(_ wrapper: String, _ name: String, target: String = ExecBenchmark.target) -> LaunchedProgram {
            LaunchedProgram(
                name: name,
                variables: variables.map { "\($0.key)=\($0.value)" },
                path: wrapper,
                arguments: ["--", target]
            )
        }

        /// Fails unless a process behind the wrapper has all of its entries: a wrapper that does less is faster.
        func checkDelivery(by wrapper: String, place: Workplace) throws(BenchmarkError) {
            var environment = variables
            environment["PATH"] = "/usr/bin:/bin"
            let process = try ChildProcess(
                wrapper,
                ["--", "/usr/bin/env"],
                environment: environment,
                log: "\(place.sockets)/wrapper.log"
            )
            let found = Set(try process.finish(within: 30).split(separator: "\n").map(String.init))
            guard found.isSuperset(of: strings) else {
                throw .malformedAnswer("attache-exec: entries are missing in the environment of the process")
            }
        }
    }
}
