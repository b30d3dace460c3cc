// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// How long a server needs until it serves a vault that is already there.
struct ColdStartBenchmark {
    private static let entryCount = 10_000
    private static let starts = 5

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        report.begin("Cold start on \(Self.entryCount) entries, on \(place.diskFileSystem)")
        let folder = try place.folder("cold", in: place.disk)
        let first = try AttacheServer("cold", data: folder, place: place)
        let fresh = first.secondsToReady
        let filling = Machine.now
        try first.importEntries(0..<Self.entryCount)
        let filled = Machine.now - filling
        guard first.process.stop() else { throw .programFailed("attache serve", log: first.process.logTail) }

        var seconds: [Double] = []
        for _ in 0..<Self.starts {
            let server = try AttacheServer("cold", data: folder, place: place)
            seconds.append(server.secondsToReady)
            try server.operatorSocket.json("GET", "/api/v1/secrets/\(Self.name(Self.entryCount - 1))")
            guard server.process.stop() else { throw .programFailed("attache serve", log: server.process.logTail) }
        }
        let samples = Samples(seconds)
        report.table(
            ["", "median", "lowest", "highest"],
            [
                [
                    "attache serve to ready, \(Self.starts) times", samples.median.milliseconds,
                    samples.minimum.milliseconds, samples.maximum.milliseconds,
                ],
                ["on a fresh folder, once", fresh.milliseconds, "", ""],
            ]
        )
        report.note("import of the \(Self.entryCount) entries: \(filled.text(decimals: 2)) s")
        report.judge(Thresholds.coldStart, samples.median)
    }

    private static func name(_ index: Int) -> String { "BENCH_\(index)" }
}
