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
        let secure = try place.program("attache-exec-tls")
        report.judge(Thresholds.tlsSize, Double(try ExecutableFile(path: stripped(secure)).byteCount) / 1e6)
        guard let measuring = try MeasuringPrograms(place: place) else {
            report.note("SKIPPED: no C compiler `cc` in PATH")
            for threshold in [
                Thresholds.wrapperAgainstEnv, Thresholds.wrapperOnDisk, Thresholds.wrapperMemory,
                Thresholds.wrapperAgainstDoppler, Thresholds.wrapperOverTLS, Thresholds.tlsMemory,
                Thresholds.supervisorMemory, Thresholds.supervisorTime,
            ] {
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

        try compareFetching(inMemory ?? onDisk, wrapper, secure, with: measuring, &report)
        try judgeIdleSupervisor(inMemory ?? onDisk, wrapper, &report)

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
        if let tini = Machine.find("tini") {
            cases.append(
                LaunchedProgram(name: "tini", variables: variables, path: tini, arguments: ["--", Self.target])
            )
        }
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

    /// Programs that fetch, and TLS; fewer rounds, since some of them take long.
    private func compareFetching(
        _ agent: Agent,
        _ wrapper: String,
        _ secure: String,
        with measuring: MeasuringPrograms,
        _ report: inout Report
    ) throws(BenchmarkError) {
        let peers = try ExecPeers(variables: agent.strings, target: Self.target, place: place)
        defer { peers.stop() }
        let overTLS = try Agent.overTLS(
            "exec-tls",
            data: place.folder("exec-tls", in: place.memory ?? place.disk),
            place
        )
        defer { overTLS?.server.process.stop() }
        if let overTLS { try overTLS.checkDelivery(by: secure, place: place) }
        let first = agent.launch(wrapper, "attache-exec, Unix socket")
        var cases = [first] + peers.cases
        if let overTLS { cases.insert(overTLS.launch(secure, "attache-exec-tls, TLS 1.3"), at: 1) }
        for (cases, rounds) in [(cases, 60), ([first] + peers.slowCases, 5)] where cases.count > 1 {
            let launches = try Launches(cases, rounds: rounds, with: measuring, place: place)
            report.begin("Programs that fetch \(Self.entryCount) variables", "\(rounds) rounds, interleaved")
            show(cases, launches, &report, to: first.name)
            let own = launches.seconds[0].median
            if let doppler = cases.firstIndex(where: { $0.name == ExecPeers.doppler }) {
                report.judge(Thresholds.wrapperAgainstDoppler, own / launches.seconds[doppler].median)
            }
            if overTLS != nil, rounds > 5 {
                report.judge(Thresholds.wrapperOverTLS, launches.seconds[1].median * 1e3)
            }
        }
        for line in peers.skipped { report.note(line) }
        if Machine.find("doppler") == nil {
            report.skip(Thresholds.wrapperAgainstDoppler, because: "no doppler in PATH")
        }
        guard let overTLS else {
            report.skip(Thresholds.wrapperOverTLS, because: "no openssl in PATH")
            report.skip(Thresholds.tlsMemory, because: "no openssl in PATH")
            return
        }
        let lean = overTLS.launch(secure, "attache-exec-tls", target: measuring.floor)
        let peak = try Launches([lean], rounds: 5, with: measuring, place: place).peakMemory[0]
        report.judge(Thresholds.tlsMemory, peak)
    }

    /// Memory and processor time of the supervisor and of the process that waits for the server.
    private func judgeIdleSupervisor(
        _ agent: Agent,
        _ wrapper: String,
        _ report: inout Report
    ) throws(BenchmarkError) {
        let process = try agent.supervise(wrapper, ["/bin/sh", "-c", "echo ready; exec sleep 1000"], place: place)
        defer { process.stop() }
        try process.waitForLine("ready", within: 30)
        // Nothing more is printed: the time until it would, in which the second process comes to its wait.
        process.listen(for: 1)
        let children = "/proc/\(process.pid)/task/\(process.pid)/children"
        let all = [process.pid] + (try Machine.contents(of: children)).split(separator: " ").compactMap { pid_t($0) }
        var own: [pid_t] = []
        for pid in all where try Machine.contents(of: "/proc/\(pid)/comm").hasPrefix("attache-exec") { own.append(pid) }
        func seconds() throws(BenchmarkError) -> Double {
            var sum = 0.0
            for pid in own { sum += try ChildProcess.processorSeconds(of: pid) }
            return sum
        }
        let before = try seconds()
        process.listen(for: 2)
        report.judge(Thresholds.supervisorTime, (try seconds() - before) * 1e3)
        var memory = 0.0
        for pid in own { memory += try ChildProcess.memory(of: pid).now }
        report.note("idle attache-exec --supervise: \(own.count) processes, \((memory * 1e3).text(decimals: 0)) kB")
        report.judge(Thresholds.supervisorMemory, memory)
    }

    private func show(
        _ cases: [LaunchedProgram],
        _ launches: Launches,
        _ report: inout Report,
        to reference: String = "env"
    ) {
        let place = cases.firstIndex { $0.name == reference }
        let env = place.map { launches.seconds[$0].median } ?? .nan
        let rows = zip(cases, zip(launches.seconds, launches.rounds)).map { program, measured in
            let (seconds, rounds) = measured
            // On a machine with fast and slow seconds the two medians may be of different ones.
            let paired = place.map { Samples.ratio(rounds, launches.rounds[$0]) } ?? .nan
            return [
                program.name, seconds.median.microseconds, seconds.minimum.microseconds,
                seconds.percentile(90).microseconds, (seconds.median / env).times, paired.times,
            ]
        }
        report.table(["", "median", "lowest", "p90", reference == "env" ? "to env" : "to it", "in its round"], rows)
        guard reference == "env" else { return }
        if !cases.contains(where: { $0.name == "tini" }) { report.note("tini SKIPPED: not in PATH") }
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
        report.judge(Thresholds.wrapperSize, Double(try ExecutableFile(path: stripped(wrapper)).byteCount) / 1e6)
    }

    /// A copy without symbols; the program itself where there is no `strip`, which is never smaller.
    private func stripped(_ program: String) throws(BenchmarkError) -> String {
        guard let strip = Machine.find("strip") else { return program }
        let copy = "\(place.disk)/stripped"
        _ = try ChildProcess(
            strip,
            ["-o", copy, program],
            environment: ["PATH": "/usr/bin:/bin"],
            log: "\(place.sockets)/strip.log"
        ).finish(within: 60)
        return copy
    }

    /// A server with one agent that has ten entries.
    private struct Agent {
        let server: AttacheServer
        let strings: [String]
        private let tokenFile: String

        /// What it is found by, instead of the socket.
        private var secure: [String: String]?

        init(_ name: String, data folder: String, place: Workplace) throws(BenchmarkError) {
            try self.init(name, try AttacheServer(name, data: folder, place: place), place)
        }

        /// The same over HTTPS, with one file of authorities; nil without `openssl`.
        static func overTLS(_ name: String, data folder: String, _ place: Workplace) throws(BenchmarkError) -> Agent? {
            guard let certificate = try Certificate(name, place) else { return nil }
            let port = try Endpoint.freePort()
            let flags = ["--tls-certificate", certificate.certificate, "--tls-key", certificate.key]
            let listen = "127.0.0.1:\(port)"
            let server = try AttacheServer(name, data: folder, place: place, listen: listen, extraArguments: flags)
            var agent = try Agent(name, server, place)
            agent.secure = ["ATTACHE_ADDRESS": "https://\(listen)", "ATTACHE_CA_FILE": certificate.certificate]
            return agent
        }

        private init(_ name: String, _ server: AttacheServer, _ place: Workplace) throws(BenchmarkError) {
            self.server = server
            strings = try server.createEntries(ExecBenchmark.entryCount, valueBytes: ExecBenchmark.valueBytes)
            let names = strings.map { String($0.prefix { $0 != "=" }) }
            tokenFile = "\(place.sockets)/\(name).token"
            try place.write(try server.createAgent("bench", entries: names), to: tokenFile)
        }

        private var variables: [String: String] {
            [
                "ATTACHE_ADDRESS": "unix://\(server.agentSocket)", "ATTACHE_GATEWAY_TOKEN_FILE": tokenFile,
                "ATTACHE_INSTANCE": "bench",
            ].merging(secure ?? [:]) { $1 }
        }

        func supervise(
            _ wrapper: String,
            _ command: [String],
            place: Workplace
        ) throws(BenchmarkError) -> ChildProcess {
            let arguments = ["--supervise", "--"] + command
            var environment = variables
            environment["PATH"] = "/usr/bin:/bin"
            let log = "\(place.sockets)/supervise.log"
            return try ChildProcess(wrapper, arguments, environment: environment, log: log)
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
