// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics
internal import Synchronization

/// Keeps what the program measures through swift-metrics, and writes it in the text form that Prometheus reads.
///
/// Labels are the names of metrics as they are; dimensions are Prometheus's labels and never carry a name or an id of
/// anything that the vault keeps. See `docs/operate/metrics.md`.
package final class MetricsRegistry: MetricsFactory, Sendable {
    /// As many series as are kept; measurements of further ones are dropped.
    private static let mostSeries = 4_096

    private struct Key: Hashable {
        let label: String
        let dimensions: [[String]]

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.label = label
            self.dimensions = dimensions.map { [$0.0, $0.1] }.sorted { $0[0] < $1[0] }
        }

        /// The dimensions between braces, with `more` as the last one.
        func braces(_ more: (String, String)? = nil) -> String {
            let all = dimensions + (more.map { [[$0.0, $0.1]] } ?? [])
            guard !all.isEmpty else { return "" }
            return "{" + all.map { "\($0[0])=\"\(Self.escaped($0[1]))\"" }.joined(separator: ",") + "}"
        }

        private static func escaped(_ text: String) -> String {
            text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        }
    }

    private enum Series {
        case counter(CounterSeries)
        case gauge(GaugeSeries)
        case distribution(DistributionSeries)
    }

    private let series = Mutex<[Key: Series]>([:])

    package init() {}

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series.withLock { series in
            let key = Key(label, dimensions)
            if case .counter(let known)? = series[key] { return known }
            let made = CounterSeries()
            if series.count < Self.mostSeries { series[key] = .counter(made) }
            return made
        }
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else {
            return series.withLock { series in
                let key = Key(label, dimensions)
                if case .gauge(let known)? = series[key] { return known }
                let made = GaugeSeries()
                if series.count < Self.mostSeries { series[key] = .gauge(made) }
                return made
            }
        }
        return distribution(label, dimensions, bounds: DistributionSeries.counts)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        distribution(label, dimensions, bounds: DistributionSeries.seconds)
    }

    package func destroyCounter(_ handler: any CounterHandler) {}

    package func destroyRecorder(_ handler: any RecorderHandler) {}

    package func destroyTimer(_ handler: any TimerHandler) {}

    private func distribution(
        _ label: String,
        _ dimensions: [(String, String)],
        bounds: [Double]
    ) -> DistributionSeries {
        series.withLock { series in
            let key = Key(label, dimensions)
            if case .distribution(let known)? = series[key] { return known }
            let made = DistributionSeries(bounds: bounds)
            if series.count < Self.mostSeries { series[key] = .distribution(made) }
            return made
        }
    }

    /// The text exposition format, version 0.0.4, in the order of the names.
    package var text: String {
        let all = series.withLock { $0 }
        var text = ""
        for (label, group) in Dictionary(grouping: all, by: \.key.label).sorted(by: { $0.key < $1.key }) {
            let lines = group.map { Self.lines(of: $0.key, $0.value) }
            guard let kind = lines.first?.kind else { continue }
            text += "# TYPE \(label) \(kind)\n"
            text += lines.map(\.text).sorted().joined()
        }
        return text
    }

    private static func lines(of key: Key, _ series: Series) -> (kind: String, text: String) {
        switch series {
        case .counter(let counter): return ("counter", "\(key.label)\(key.braces()) \(counter.value)\n")
        case .gauge(let gauge): return ("gauge", "\(key.label)\(key.braces()) \(gauge.value)\n")
        case .distribution(let distribution):
            let (counts, sum) = distribution.read()
            var text = ""
            var below: UInt64 = 0
            for (count, bound) in zip(counts, distribution.bounds.map { "\($0)" } + ["+Inf"]) {
                below += count
                text += "\(key.label)_bucket\(key.braces(("le", bound))) \(below)\n"
            }
            text += "\(key.label)_sum\(key.braces()) \(sum)\n\(key.label)_count\(key.braces()) \(below)\n"
            return ("histogram", text)
        }
    }
}

private final class CounterSeries: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Int64 { count.load(ordering: .relaxed) }

    func increment(by amount: Int64) { count.wrappingAdd(amount, ordering: .relaxed) }

    func reset() { count.store(0, ordering: .relaxed) }
}

private final class GaugeSeries: RecorderHandler {
    private let last = Mutex(0.0)

    var value: Double { last.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) { last.withLock { $0 = value } }
}

private final class DistributionSeries: RecorderHandler, TimerHandler {
    static let counts: [Double] = [1, 2, 4, 8, 16, 32, 64, 128]
    static let seconds: [Double] = [
        0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
    ]

    let bounds: [Double]
    private let state: Mutex<(counts: [UInt64], sum: Double)>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex((counts: [UInt64](repeating: 0, count: bounds.count + 1), sum: 0))
    }

    /// How many fell between each two bounds, and what they add up to.
    func read() -> (counts: [UInt64], sum: Double) { state.withLock { $0 } }

    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1_000_000_000) }
}
