// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// How long the largest import takes, sealed and recorded, and what memory one of large values needs.
struct ImportBenchmark {
    private static let entryCount = 2_000
    private static let bundles = 20
    private static let runs = 5

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        report.begin("Import of \(Self.entryCount) entries in one archive, on \(place.diskFileSystem)")
        var seconds: [Double] = []
        for run in 0..<Self.runs {
            let archive = try archive("plain-\(run)", valueBytes: 64)
            seconds.append(try measure("import-\(run)", archive).seconds)
        }
        let samples = Samples(seconds)
        // Close to the 16 MiB that an archive may expand to, and each file to the 1 MiB that it may have.
        let large = try archive("large", valueBytes: 8_000)
        let measured = try measure("import-large", large)
        let ratio = measured.grown / (Double(large.expanded) / 1e6)
        report.table(
            ["", "expanded", "median", "highest", "memory"],
            [
                ["values of 64 bytes", "-", samples.median.milliseconds, samples.maximum.milliseconds, "-"],
                [
                    "values of 8,000 bytes, once", "\((Double(large.expanded) / 1e6).text(decimals: 1)) MB",
                    measured.seconds.milliseconds, "-", "\(measured.grown.text(decimals: 1)) MB",
                ],
            ]
        )
        report.judge(Thresholds.importTime, samples.median)
        report.judge(Thresholds.importMemory, ratio)
    }

    /// Imports into a server of its own; the seconds of the request, and by how many MB its peak memory grew.
    private func measure(
        _ name: String,
        _ archive: (bytes: [UInt8], expanded: Int)
    ) throws(BenchmarkError) -> (seconds: Double, grown: Double) {
        let server = try AttacheServer(name, data: place.folder(name, in: place.disk), place: place)
        try server.operatorSocket.json("GET", "/api/v1/secrets")
        let before = try server.process.memory().now
        let start = Machine.now
        let answer = try server.operatorSocket.send(
            "POST",
            "/api/v1/secrets/import?kind=secret",
            headers: ["Content-Type": "application/gzip"],
            body: archive.bytes
        )
        let seconds = Machine.now - start
        guard answer.status == 201 else {
            throw .unexpectedAnswer("POST /api/v1/secrets/import", status: answer.status, code: "")
        }
        let grown = try server.process.memory().peak - before
        guard server.process.stop() else { throw .programFailed("attache serve", log: server.process.logTail) }
        return (seconds, grown)
    }

    /// A tar.gz of several `.env` files, made by tar.
    private func archive(_ name: String, valueBytes: Int) throws(BenchmarkError) -> (bytes: [UInt8], expanded: Int) {
        let folder = try place.folder("archive-\(name)", in: place.disk)
        var expanded = 0
        var files: [String] = []
        for bundle in 0..<Self.bundles {
            let count = Self.entryCount / Self.bundles
            let text = (0..<count).map { index in
                // Hexadecimal digits: what gzip leaves of large values must fit into an archive of 10 MiB.
                let value = Payload.text(bytes: valueBytes / 2).utf8.map { String($0, radix: 16) }.joined()
                return "BENCH_\(bundle)_\(index)=\(value)\n"
            }.joined()
            try place.write(text, to: "\(folder)/\(bundle).env")
            files.append("\(bundle).env")
            expanded += text.utf8.count
        }
        let tar = try ChildProcess(
            "/bin/tar",
            ["-C", folder, "-czf", "\(folder)/archive.tar.gz"] + files,
            environment: ["PATH": "/usr/bin:/bin"],
            log: "\(folder)/log"
        )
        _ = try tar.finish(within: 60)
        guard let bytes = FileManager.default.contents(atPath: "\(folder)/archive.tar.gz") else {
            throw .missing("\(folder)/archive.tar.gz")
        }
        return ([UInt8](bytes), expanded)
    }
}
