// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What it takes longer to run a container with an agent: `Tests/Engines/run --measure`, with real engines.
struct EngineBenchmark {
    private static let engines = ["runc", "podman", "precreate", "docker"]

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        report.begin("Containers that run /bin/true, 40 times each, the fetch included, data on a tmpfs")
        let script = "Tests/Engines/run"
        guard access(script, X_OK) == 0 else {
            return report.skip(Thresholds.containerStart, because: "\(script) is not in this folder")
        }
        let process = try ChildProcess(
            script,
            [place.programs, "--measure"] + Self.engines,
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"],
            log: "\(place.sockets)/engines.log"
        )
        let lines = try process.finish(within: 900).split(separator: "\n").map { $0.split(separator: " ") }
        var rows: [[String]] = []
        for line in lines where line.count == 5 && line[0] == "measured" {
            rows.append([String(line[1])] + line[2...].map { "\($0) ms" })
            guard let added = Double(line[4]) else { continue }
            report.judge(
                Threshold("what \(line[1]) takes longer with an agent", Thresholds.containerStart.bound),
                added
            )
        }
        report.table(["", "without", "with", "difference"], rows)
        if rows.isEmpty { report.skip(Thresholds.containerStart, because: "no engine could be started here") }
    }
}
