// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Glibc

/// Measures the built programs beside what does the same job, and holds them against ``Thresholds``.
///
/// Without arguments every part runs; with arguments those that are named. Exit codes: 0 everything that must be
/// reached and could be measured was reached, 1 a line was missed or a part broke off, 2 usage.
@main
enum Benchmarks {
    private enum Part: String, CaseIterable {
        case sealing, starts, exec, lists, vault, engines, proxy, streams
        case coldStart = "cold-start"
        case environmentFile = "environment-file"
        case importing = "import"
    }

    static func main() {
        let names = CommandLine.arguments.dropFirst()
        let parts = names.isEmpty ? Part.allCases : names.compactMap(Part.init(rawValue:))
        guard parts.count == max(names.count, names.isEmpty ? Part.allCases.count : 0) else {
            let names = Part.allCases.map(\.rawValue).joined(separator: "|")
            FileHandle.standardError.write(Data("usage: Benchmarks [\(names)]…\n".utf8))
            exit(2)
        }
        var report = Report()
        do {
            let place = try Workplace()
            place.removeWhenInterrupted()
            run(parts, in: place, &report)
            place.remove()
        } catch {
            report.fail("set-up", "\(error)")
        }
        exit(report.conclude())
    }

    private static func run(_ parts: [Part], in place: Workplace, _ report: inout Report) {
        report.begin("Machine", "\(Machine.cores) cores, \(Machine.load), data on \(place.diskFileSystem)")
        for part in parts {
            do {
                switch part {
                case .sealing: try SealingBenchmark().run(&report)
                case .starts: try StartBenchmark(place: place).run(&report)
                case .exec: try ExecBenchmark(place: place).run(&report)
                case .engines: try EngineBenchmark(place: place).run(&report)
                case .proxy: try ProxyBenchmark(place: place).run(&report)
                case .streams: try StreamBenchmark(place: place).run(&report)
                case .lists: try ListBenchmark(place: place).run(&report)
                case .vault: try VaultBenchmark(place: place).run(&report)
                case .environmentFile: EnvironmentFileBenchmark().run(&report)
                case .importing: try ImportBenchmark(place: place).run(&report)
                case .coldStart: try ColdStartBenchmark(place: place).run(&report)
                }
            } catch {
                // Another thread has killed what this one was waiting for, and is about to end the process.
                while ChildProcess.isEnding { pause() }
                report.fail(part.rawValue, "\(error)")
            }
            ChildProcess.stopAll()
        }
        report.begin("Machine", "afterwards: \(Machine.load)")
    }
}
