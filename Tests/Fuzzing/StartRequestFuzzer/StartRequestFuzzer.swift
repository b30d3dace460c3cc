// SPDX-License-Identifier: Apache-2.0

/// Sends what the fuzzer made up to the agents' socket of a running server, cut where it says, and reads the answers.
///
/// The first byte says what the rest is. Even: bytes as they are, which may be no HTTP at all. Odd: a plan of requests
/// that are well formed, of which it is known how many there are and which are too long.
@_cdecl("LLVMFuzzerTestOneInput")
package func sendArbitraryRequests(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    var input = FuzzInput(bytes: Array(UnsafeBufferPointer(start: start, count: count)))
    let isPlanned = input.byte() & 1 == 1
    let cuts = (0..<Int(input.byte() % 8)).map { _ in Int(input.word()) }
    let server = ServedVault.shared
    if isPlanned {
        let plan = RequestPlan(&input, server)
        // What does not hold ends the process, which is what the fuzzer looks for.
        plan.check(AnswerReader.answers(in: server.exchange(plan.bytes, cutAt: cuts), to: plan.methods))
    } else {
        let bytes = server.filledIn(input.rest)
        let answers = AnswerReader.answers(in: server.exchange(bytes, cutAt: cuts), to: nil)
        // Every request has a line, and what is no request is refused once.
        precondition(answers.count <= bytes.count { $0 == 0x0A || $0 == 0x0D } + 1)
        let ids = answers.map(\.requestID)
        precondition(bytes.count < 16 || ids.allSatisfy { !$0.isEmpty })
        for answer in answers.dropLast() { precondition(!answer.closes, "an answer after the last one") }
    }
    return 0
}

/// The fuzzer's bytes, read from the front; zeros where there are no more.
struct FuzzInput {
    private var bytes: ArraySlice<UInt8>

    init(bytes: [UInt8]) {
        self.bytes = bytes[...]
    }

    var isEmpty: Bool { bytes.isEmpty }
    var rest: [UInt8] { Array(bytes) }

    mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }

    mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

    mutating func text(_ count: Int) -> [UInt8] {
        let text = bytes.prefix(count)
        bytes = bytes.dropFirst(count)
        return Array(text)
    }
}
