// SPDX-License-Identifier: Apache-2.0

import HTTPMessages

/// Reads what the fuzzer made up as the messages of a connection, cut as its first bytes say.
///
/// Where the bytes are cut makes no difference, little is held, and whatever is read is the same message to the library's
/// parser, with the same end.
@_cdecl("LLVMFuzzerTestOneInput")
package func readArbitraryMessages(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    // More, byte by byte, would take too long.
    guard (3...8_192).contains(input.count) else { return 0 }
    let bytes = Array(input[3...])
    // Requests, or answers of which each bit says whether it is one to HEAD.
    let methods = input[0] & 1 == 0 ? nil : (1..<8).map { input[0] >> $0 & 1 == 0 ? "GET" : "HEAD" }
    let sizes = [Int(input[1]) + 1, Int(input[2]) + 1]
    for limits in [MessageLimits(line: 64, head: 160, fields: 4), largeLimits] {
        let whole = OwnReading(of: bytes, answering: methods, cut: [max(bytes.count, 1)], within: limits)
        // What does not hold ends the process, which is what the fuzzer looks for.
        precondition(OwnReading(of: bytes, answering: methods, cut: sizes, within: limits) == whole)
        precondition(OwnReading(of: bytes, answering: methods, cut: [1], within: limits) == whole)
        guard limits.head == largeLimits.head else { continue }
        compare(whole, LibraryReading(of: bytes, answering: methods), answering: methods)
    }
    return 0
}

private let largeLimits = MessageLimits(line: 128 << 10, head: 128 << 10, fields: 4_096)

/// The library may refuse what is read here, a method for instance: then nothing behind that is compared.
private func compare(_ own: OwnReading, _ library: LibraryReading, answering methods: [String]?) {
    for (index, message) in own.messages.enumerated() {
        guard index < library.messages.count else { return precondition(library.hasFailed) }
        let other = library.messages[index]
        precondition(message.start == other.start && message.fields == other.fields)
        // A tab beside `chunked` or an option is a blank here (RFC 9110 §5.6.3), and to the library a part of it: it reads such
        // an answer until the end of its connection, over which only its own target could be read otherwise.
        if other.hasTabs { return }
        // Whatever goes on here goes on there. But for answers to HEAD, of which the library says so before it knows that
        // no body follows that would end with the connection.
        precondition(!message.goesOn || other.goesOn || methods?[index] == "HEAD")
        // What follows its head is read as no other message here, and as no part of it there.
        if message.isTunnel { return }
        if library.hasFailed, index == library.messages.count - 1, other.trailers == nil {
            return precondition(message.body.starts(with: other.body) || other.body.starts(with: message.body))
        }
        switch own.fault {
        case nil, .brokenOff: precondition(message.body == other.body && message.trailers == other.trailers)
        default:
            precondition(other.body.starts(with: message.body))
            precondition(message.trailers == nil || message.body == other.body && message.trailers == other.trailers)
        }
    }
    // The library reads on behind what is the last message here, and takes some of what is refused here.
    if own.fault == nil, own.messages.last?.goesOn ?? true {
        precondition(library.messages.count <= own.messages.count)
    }
}
