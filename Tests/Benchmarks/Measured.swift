// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// The rounds of one kind of request at one number of clients.
struct Measured<Client: LoadClient> {
    private let name: String
    private var generator: LoadGenerator<Client>
    private let process: ChildProcess
    private var latencies: [Double] = []
    private var serverSeconds = 0.0
    private var generatorSeconds = 0.0
    /// Answers per second, for each round.
    private(set) var rates: [Double] = []
    /// The p99 of each round, in seconds.
    private(set) var slowest: [Double] = []

    init(_ name: String, _ generator: LoadGenerator<Client>, of process: ChildProcess) {
        self.name = name
        self.generator = generator
        self.process = process
    }

    mutating func warmUp(_ seconds: Double) throws(BenchmarkError) {
        _ = try generator.run(seconds: seconds)
    }

    mutating func measure(_ seconds: Double) throws(BenchmarkError) {
        // What the round before left to be written later is not this one's; on Linux this waits for it (sync(2)).
        sync()
        let server = try process.processorSeconds()
        let own = Machine.processorSeconds
        let result = try generator.run(seconds: seconds)
        serverSeconds += try process.processorSeconds() - server
        generatorSeconds += Machine.processorSeconds - own
        rates.append(result.rate)
        slowest.append(Samples(result.latencies).percentile(99))
        latencies += result.latencies
    }

    func row(clients: Int, ratio: String) -> [String] {
        let rounds = Samples(rates)
        let all = Samples(latencies)
        let count = Double(latencies.count)
        return [
            name, "\(clients)", rounds.median.text(decimals: 0), rounds.minimum.text(decimals: 0),
            rounds.maximum.text(decimals: 0), ratio, all.median.milliseconds, all.percentile(99).milliseconds,
            (serverSeconds / count).microseconds, (generatorSeconds / count).microseconds,
        ]
    }
}
