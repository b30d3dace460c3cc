// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// What a page of a list, a search and a check of the whole audit trail cost as the vault grows tenfold.
struct ListBenchmark {
    private static let small = 10_000
    private static let large = 100_000
    private static let repetitions = 30

    /// What is asked for, and how long a page of it may take.
    private enum Question: String, CaseIterable {
        case firstPage = "/api/v1/secrets?limit=100"
        case commonSearch = "/api/v1/secrets?limit=100&q=bench"
        case rareSearch = "/api/v1/secrets?limit=100&q=h_9999"
        case searchWithoutResult = "/api/v1/secrets?limit=100&q=zzzz"
        case trail = "/api/v1/audit?limit=100"
    }

    let place: Workplace

    func run(_ report: inout Report) throws(BenchmarkError) {
        report.begin("Lists of \(Self.small) and \(Self.large) entries, on \(place.diskFileSystem)")
        let server = try AttacheServer("lists", data: place.folder("lists", in: place.disk), place: place)
        defer { server.process.stop() }
        try server.importEntries(0..<Self.small)
        let few = try measure(server)
        try server.importEntries(Self.small..<Self.large)
        let many = try measure(server)

        var rows: [[String]] = []
        for question in Question.allCases {
            guard let small = few.pages[question], let large = many.pages[question] else { continue }
            rows.append([
                question.rawValue, small.median.milliseconds, large.median.milliseconds, large.maximum.milliseconds,
            ])
        }
        rows.append(["/api/v1/audit/verify", few.verify.milliseconds, many.verify.milliseconds, ""])
        report.table(["", "\(Self.small)", "\(Self.large)", "slowest"], rows)
        let slowest = many.pages.values.map(\.median).max() ?? .nan
        report.judge(Thresholds.page, slowest * 1_000)
        report.judge(Thresholds.wholeVaultJob, many.verify / few.verify)
    }

    private func measure(
        _ server: AttacheServer
    ) throws(BenchmarkError) -> (pages: [Question: Samples], verify: Double) {
        var pages: [Question: Samples] = [:]
        for question in Question.allCases {
            var seconds: [Double] = []
            for _ in 0..<Self.repetitions {
                let start = Machine.now
                try server.operatorSocket.json("GET", question.rawValue)
                seconds.append(Machine.now - start)
            }
            pages[question] = Samples(seconds)
        }
        let start = Machine.now
        try server.operatorSocket.json("GET", "/api/v1/audit/verify")
        return (pages, Machine.now - start)
    }
}
