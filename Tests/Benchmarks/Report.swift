// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Prints the tables as they are measured and keeps what must be reached for the end.
struct Report {
    private enum Outcome {
        case measured(Double)
        case skipped(String)
    }

    private var outcomes: [(threshold: Threshold, outcome: Outcome)] = []
    private var failures: [String] = []

    /// Prints the title of a part and the facts that its numbers depend on.
    func begin(_ title: String, _ facts: String...) {
        write("\n\(title)\n")
        for fact in facts { write("  \(fact)\n") }
    }

    func note(_ text: String) {
        write("  \(text)\n")
    }

    /// Prints aligned columns; the first is text, the others end at the right.
    func table(_ head: [String], _ rows: [[String]]) {
        let lines = [head] + rows
        let widths = head.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        for line in lines {
            var text = "  "
            for (column, cell) in line.enumerated() {
                let blanks = String(repeating: " ", count: widths[column] - cell.count)
                text += column == 0 ? cell + blanks : "   " + blanks + cell
            }
            while text.last == " " { text.removeLast() }
            write(text + "\n")
        }
    }

    mutating func judge(_ threshold: Threshold, _ measured: Double) {
        outcomes.append((threshold, .measured(measured)))
    }

    mutating func skip(_ threshold: Threshold, because reason: String) {
        outcomes.append((threshold, .skipped(reason)))
    }

    /// A part that broke off: what it had to show was not shown.
    mutating func fail(_ part: String, _ reason: String) {
        failures.append("\(part): \(reason)")
        write("  BROKE OFF: \(reason)\n")
    }

    /// Prints what was reached and returns the exit code: 0, or 1 when a line was missed or a part broke off.
    func conclude() -> Int32 {
        write("\nMust reach\n")
        var missed: [String] = []
        var rows: [[String]] = []
        for (threshold, outcome) in outcomes {
            switch outcome {
            case .measured(let value):
                let isMet = threshold.isMet(by: value)
                if !isMet { missed.append(threshold.name) }
                rows.append([threshold.name, threshold.text(of: value), threshold.limit, isMet ? "met" : "MISSED"])
            case .skipped(let reason):
                rows.append([threshold.name, "-", threshold.limit, "SKIPPED: \(reason)"])
            }
        }
        table(["", "measured", "limit", ""], rows.map { $0.dropLast() + ["  " + ($0.last ?? "")] })
        for name in missed { write("missed: \(name)\n") }
        for failure in failures { write("broke off: \(failure)\n") }
        return missed.isEmpty && failures.isEmpty ? 0 : 1
    }

    private func write(_ text: String) {
        // Not buffered: a run that is cut off has shown what it measured.
        // Not an error either where nobody reads: what was started must still be stopped.
        var text = text
        text.withUTF8 { _ = Glibc.write(1, $0.baseAddress, $0.count) }
    }
}

extension Threshold {
    var limit: String {
        switch bound {
        case .atMost(let value, let unit): "≤ \(Self.text(of: value, unit))"
        case .atLeast(let value, let unit): "≥ \(Self.text(of: value, unit))"
        }
    }

    func text(of value: Double) -> String {
        switch bound {
        case .atMost(_, let unit), .atLeast(_, let unit): Self.text(of: value, unit)
        }
    }

    private static func text(of value: Double, _ unit: String) -> String {
        unit.isEmpty ? value.text(decimals: 0) : "\(value.text(decimals: 2)) \(unit)"
    }
}

extension Double {
    func text(decimals: Int) -> String {
        guard isFinite else { return "-" }
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let scaled = (magnitude * scale).rounded()
        guard scaled < 1e15 else { return "\(self)" }
        let digits = String(Int(scaled))
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        let whole = padded.dropLast(decimals)
        let sign = self < 0 && scaled > 0 ? "-" : ""
        return decimals == 0 ? "\(sign)\(whole)" : "\(sign)\(whole).\(padded.suffix(decimals))"
    }

    /// A ratio, such as `1.42 ×`.
    var times: String { isFinite ? "\(text(decimals: 2)) ×" : "-" }
    /// Seconds as milliseconds.
    var milliseconds: String { isFinite ? "\((self * 1e3).text(decimals: 2)) ms" : "-" }
    /// Seconds as microseconds.
    var microseconds: String { isFinite ? "\((self * 1e6).text(decimals: 1)) µs" : "-" }
}
