// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// How long the largest import takes, sealed and recorded, what memory one of large values needs, and how soon a bomb is
/// refused.
struct ImportBenchmark {
    private static let entryCount = 2_000
    private static let bundles = 20
    private static let runs = 5
    private static let bombBytes = 4 << 30

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
        let bomb = try measure("import-bomb", bomb(), answered: 422)
        report.table(
            ["", "expanded", "median", "highest", "memory"],
            [
                ["values of 64 bytes", "-", samples.median.milliseconds, samples.maximum.milliseconds, "-"],
                [
                    "values of 8,000 bytes, once", "\((Double(large.expanded) / 1e6).text(decimals: 1)) MB",
                    measured.seconds.milliseconds, "-", "\(measured.grown.text(decimals: 1)) MB",
                ],
                [
                    "zeros in gzip, refused", "\((Double(Self.bombBytes) / 1e6).text(decimals: 1)) MB",
                    bomb.seconds.milliseconds, "-", "\(bomb.grown.text(decimals: 1)) MB",
                ],
            ]
        )
        report.judge(Thresholds.importTime, samples.median)
        report.judge(Thresholds.importMemory, ratio)
        report.judge(Thresholds.bombTime, bomb.seconds)
        report.judge(Thresholds.bombMemory, bomb.grown)
    }

    /// Imports into a server of its own; the seconds of the request, and by how many MB its peak memory grew.
    private func measure(
        _ name: String,
        _ archive: (bytes: [UInt8], expanded: Int),
        answered status: Int = 201
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
        guard answer.status == status else {
            throw .unexpectedAnswer("POST /api/v1/secrets/import", status: answer.status, code: "")
        }
        let grown = try server.process.memory().peak - before
        guard server.process.stop() else { throw .programFailed("attache serve", log: server.process.logTail) }
        return (seconds, grown)
    }

    /// 4 GiB of zeros in 64 members of gzip, of about 4 MB together.
    private func bomb() throws(BenchmarkError) -> (bytes: [UInt8], expanded: Int) {
        let file = try place.folder("bomb", in: place.disk) + "/bomb.gz"
        try make(
            file,
            by: "/bin/sh",
            ["-c", #"head -c "$1" /dev/zero | gzip -9 >"$0.part"; for i in $(seq 64); do cat "$0.part"; done >"$0""#]
                + [file, String(Self.bombBytes / 64)]
        )
        return (try contents(file), Self.bombBytes)
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
        let file = "\(folder)/archive.tar.gz"
        try make(file, by: "/bin/tar", ["-C", folder, "-czf", file] + files)
        return (try contents(file), expanded)
    }

    private func make(_ file: String, by program: String, _ arguments: [String]) throws(BenchmarkError) {
        let maker = try ChildProcess(program, arguments, environment: ["PATH": "/usr/bin:/bin"], log: "\(file).log")
        _ = try maker.finish(within: 60)
    }

    private func contents(_ file: String) throws(BenchmarkError) -> [UInt8] {
        guard let bytes = FileManager.default.contents(atPath: file) else { throw .missing(file) }
        return [UInt8](bytes)
    }
}
