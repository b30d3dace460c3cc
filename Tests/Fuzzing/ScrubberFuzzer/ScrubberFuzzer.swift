// SPDX-License-Identifier: Apache-2.0

import ProxyRules
import Synchronization
import VaultModel

/// Has both letters of base64 that its two alphabets disagree on, after any number of bytes.
private let canary = Array("sk-c4n4ry/+~~~9Zq???&=<".utf8)
/// One for all inputs, so that states are learned once.
private let scrubber = Mutex(ResponseScrubber([SharedSecret(copying: canary)]))

/// Hides a canary in what the fuzzer made up, spelled and cut as its first bytes say.
///
/// The canary never comes through in that spelling, lengths stay true, every other byte is unchanged, no more is masked than
/// the canary, and where the stream is cut makes no difference.
@_cdecl("LLVMFuzzerTestOneInput")
package func scrubArbitraryAnswer(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard input.count >= 3 else { return 0 }
    let spelled = spellings[Int(input[0]) % spellings.count]
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
    // Beside it only what is found without it, and what escapes its first byte: up to three backslashes before it.
    let alone = [around[..<place], around[place...]].map { part in
        maskedCount(Array(part), scrubbed(Array(part), size: part.count))
    }
    let most = alone.reduce(spelled.count + 3, +)
    precondition(maskedCount(answer, whole) <= most)
    // All of it, but for what base64 has beside the canary's own digits: seven for `user:`, three at the end.
    precondition(maskedCount(answer, whole) + 10 >= spelled.count)
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

private func maskedCount(_ bytes: [UInt8], _ clean: [UInt8]) -> Int {
    zip(bytes, clean).count { $0 != UInt8(ascii: "*") && $1 == UInt8(ascii: "*") }
}

private let spellings: [[UInt8]] = {
    func hexadecimal(_ byte: UInt8, _ digits: String = "0123456789abcdef") -> [UInt8] {
        let digits = Array(digits.utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
    func each(_ start: String, _ end: String = "", digits: String = "0123456789abcdef") -> [UInt8] {
        canary.flatMap { Array(start.utf8) + hexadecimal($0, digits) + Array(end.utf8) }
    }
    let upper = "0123456789ABCDEF"
    let encoded = ["", "x", "xy", "user:"].map { base64(Array($0.utf8) + canary) }
    return [
        canary, each("%"), each("%", digits: upper), each("\\u00"), each("\\u00", digits: upper), each("&#x", ";"),
        each("&#x", ";", digits: upper), canary.flatMap { Array("&#\($0);".utf8) }, each("&#x"),
        each("&#x", digits: upper),
        canary.flatMap { Array("&#\($0)".utf8) }, each(""), each("", digits: upper),
        canary.enumerated().flatMap { $0 % 2 == 0 ? [$1] : Array("%".utf8) + hexadecimal($1) },
        Array(canary.flatMap { [$0, 0] }.dropLast()),
    ] + encoded
        + encoded.map { text in
            text.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: "-") : $0 == UInt8(ascii: "/") ? UInt8(ascii: "_") : $0 }
        }
}()

/// RFC 4648 §4, written apart from the product's own.
private func base64(_ bytes: [UInt8]) -> [UInt8] {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    return stride(from: 0, to: bytes.count, by: 3).flatMap { start -> [UInt8] in
        let group = bytes[start..<min(start + 3, bytes.count)]
        let bits = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
        return (0..<4).map { $0 <= group.count ? alphabet[bits >> (18 - 6 * $0) & 63] : UInt8(ascii: "=") }
    }
}

private func contains(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
    guard bytes.count >= needle.count else { return false }
    return (0...(bytes.count - needle.count)).contains { bytes[$0...].starts(with: needle) }
}
