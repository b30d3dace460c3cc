// SPDX-License-Identifier: Apache-2.0

import ProxyRules
import Synchronization
import VaultModel

private let canary = Array("sk-c4n4ry/+9Zq&=<".utf8)
/// One for all inputs, so that states are learned once.
private let scrubber = Mutex(ResponseScrubber([SharedSecret(copying: canary)]))

/// Hides a canary in what the fuzzer made up, spelled and cut as its first bytes say.
///
/// The canary never comes through in that spelling, lengths stay true, every other byte is unchanged, and where the stream
/// is cut makes no difference.
@_cdecl("LLVMFuzzerTestOneInput")
package func scrubArbitraryAnswer(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard input.count >= 3 else { return 0 }
    let spelled = spelling(Int(input[0]))
    let around = Array(input[3...])
    let place = around.isEmpty ? 0 : Int(input[1]) % (around.count + 1)
    let answer = Array(around[..<place]) + spelled + Array(around[place...])
    let size = Int(input[2]) + 1

    let whole = scrubbed(answer, size: answer.count)
    // What does not hold ends the process, which is what the fuzzer looks for.
    precondition(whole.count == answer.count)
    precondition(!contains(whole, spelled))
    precondition(!contains(whole, canary))
    precondition(zip(whole, answer).allSatisfy { $0 == $1 || $0 == UInt8(ascii: "*") })
    precondition(scrubbed(answer, size: size) == whole)
    precondition(scrubbed(answer, size: 1) == whole)
    return 0
}

private func scrubbed(_ bytes: [UInt8], size: Int) -> [UInt8] {
    scrubber.withLock { scrubber in
        scrubber = scrubber.anew
        var output: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            var chunk = Array(rest.prefix(size))
            rest = rest.dropFirst(size)
            // As an exchange does it: most pieces go on as they are.
            if chunk.withUnsafeBytes({ scrubber.passes($0) }) {
                output += chunk
            } else {
                chunk.withUnsafeMutableBytes { scrubber.scrub($0) { output += $0 } }
            }
        }
        scrubber.finish { output += $0 }
        return output
    }
}

private func spelling(_ number: Int) -> [UInt8] {
    let digits = Array((number & 0x80 == 0 ? "0123456789abcdef" : "0123456789ABCDEF").utf8)
    func hexadecimal(_ byte: UInt8) -> [UInt8] { [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    switch number & 7 {
    case 0: return canary
    case 1: return canary.flatMap { Array("%".utf8) + hexadecimal($0) }
    case 2: return canary.flatMap { Array("\\u00".utf8) + hexadecimal($0) }
    case 3: return canary.flatMap { Array("&#x".utf8) + hexadecimal($0) + Array(";".utf8) }
    case 4: return canary.flatMap { Array("&#\($0);".utf8) }
    case 5: return canary.flatMap(hexadecimal)
    case 6: return canary.enumerated().flatMap { $0 % 2 == 0 ? [$1] : Array("%".utf8) + hexadecimal($1) }
    default: return canary.flatMap { [$0, 0] }.dropLast()
    }
}

private func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
    guard bytes.count >= needle.count else { return false }
    return (0...(bytes.count - needle.count)).contains { bytes[$0...].starts(with: needle) }
}
