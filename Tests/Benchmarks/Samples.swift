// SPDX-License-Identifier: Apache-2.0

/// Measurements of the same thing; kept sorted.
struct Samples {
    private let sorted: [Double]

    init(_ values: [Double]) {
        sorted = values.sorted()
    }

    var median: Double { percentile(50) }
    var minimum: Double { sorted.first ?? .nan }
    var maximum: Double { sorted.last ?? .nan }

    /// The smallest value that at least `share` percent of the values do not exceed.
    ///
    /// Not a number when nothing was measured.
    func percentile(_ share: Double) -> Double {
        guard !sorted.isEmpty else { return .nan }
        let rank = (share / 100 * Double(sorted.count)).rounded(.up)
        return sorted[min(max(Int(rank) - 1, 0), sorted.count - 1)]
    }

    /// The median of what each of `values` is to its neighbor in `others`, which was measured just before or after.
    static func ratio(_ values: [Double], _ others: [Double]) -> Double {
        Samples(zip(values, others).map { $0 / $1 }).median
    }
}
