// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A line in the terminal that moves while something takes its time, and is gone afterwards.
///
/// Nothing is shown for what is done within a third of a second, or where stderr is no terminal.
struct ProgressLine {
    private let isShown: Bool

    init(isShown: Bool) {
        self.isShown = isShown && isatty(STDERR_FILENO) == 1
    }

    /// Runs `work`, showing `label` with a bar that moves and the seconds that have passed.
    func during<Result>(_ label: String, _ work: () async throws -> Result) async throws -> Result {
        guard isShown else { return try await work() }
        let drawing = Task {
            let start = ContinuousClock.now
            try await Task.sleep(for: .milliseconds(300))
            var step = 0
            while !Task.isCancelled {
                let seconds = (ContinuousClock.now - start).components.seconds
                StandardStream.error.tell("\r\(label) [\(Self.bar(step))] \(seconds) s\u{1B}[K")
                step += 1
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        let result: Swift.Result<Result, any Error>
        do {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        drawing.cancel()
        // Waits for a line that is being drawn, so that nothing follows the one that clears it.
        _ = await drawing.result
        StandardStream.error.tell("\r\u{1B}[K")
        return try result.get()
    }

    static let barWidth = 20

    /// A block of three that goes from one end to the other and back.
    static func bar(_ step: Int) -> String {
        let room = barWidth - 3
        let turn = step % (2 * room)
        let place = turn <= room ? turn : 2 * room - turn
        return String(repeating: " ", count: place) + "<=>" + String(repeating: " ", count: room - place)
    }
}
