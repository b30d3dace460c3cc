// SPDX-License-Identifier: Apache-2.0

internal import EnvironmentFile
internal import Glibc
internal import VaultModel

/// How fast a file of the largest size is read, with every check and every flag.
struct EnvironmentFileBenchmark {
    private static let runs = 100

    func run(_ report: inout Report) {
        let file = Self.file()
        var entries = 0
        var speeds: [Double] = []
        for _ in 0..<Self.runs {
            let start = Self.processorSeconds
            entries = EnvironmentFileReader.parse(file).entries.count
            speeds.append(Double(file.count) / 1e6 / (Self.processorSeconds - start))
        }
        guard entries > 0 else { return report.fail("environment-file", "the file was refused") }
        let samples = Samples(speeds)
        report.begin("Reading a .env file", "\(file.count) bytes, \(entries) names, \(Self.runs) runs")
        report.table(
            ["", "median", "p10"],
            [["own dialect, MB/s", samples.median.text(decimals: 0), samples.percentile(10).text(decimals: 0)]]
        )
        report.judge(Thresholds.parsing, samples.median)
    }

    /// Tokens, URLs, settings with comments and keys of several lines, as people have them.
    private static func file() -> SecretBytes {
        let base64 = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n"
        var text = ""
        var number = 0
        while text.utf8.count < EnvironmentFileReader.maximumFileBytes - 3_000 {
            number += 1
            text += """
                # Settings of service \(number), as they are in production
                SERVICE_\(number)_TOKEN=\(String(repeating: "q7Rk", count: 200))
                export SERVICE_\(number)_URL="https://service-\(number).example.com/\(String(repeating: "path/", count: 60))"
                SERVICE_\(number)_LEVEL = info # \(String(repeating: "why ", count: 30))
                SERVICE_\(number)_KEY='\(String(repeating: base64, count: 25))'

                """
        }
        return SecretBytes(copying: Array(text.utf8))
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
