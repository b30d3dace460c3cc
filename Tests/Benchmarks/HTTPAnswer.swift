// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// One HTTP/1.1 answer whose body has a `Content-Length`, still in the buffer that it was received in.
///
/// Both servers send such answers for what is measured; anything else is an error here.
struct HTTPAnswer {
    let status: Int
    /// `Attache-Error`, where the server sent one.
    let errorCode: String
    let body: UnsafeRawBufferPointer

    /// Returns nil while the answer is not whole.
    init?(_ received: UnsafeRawBufferPointer) throws(BenchmarkError) {
        guard let end = received.firstOffset(of: "\r\n\r\n") else { return nil }
        let headCount = end + 2
        let head = UnsafeRawBufferPointer(rebasing: received[..<headCount])
        guard headCount > 13, head.starts(with: "HTTP/1.1 ".utf8), let status = Self.number(head[9..<12]) else {
            throw .malformedAnswer("an answer is not HTTP/1.1")
        }
        var length: Int?
        var code = ""
        var line = Self.endOfLine(in: head, from: 0) + 2
        while line < headCount {
            let end = Self.endOfLine(in: head, from: line)
            if let value = Self.value(of: "content-length", in: head[line..<end]) { length = Self.number(value) }
            if status != 200, let value = Self.value(of: "attache-error", in: head[line..<end]) {
                code = String(decoding: value, as: UTF8.self)
            }
            line = end + 2
        }
        if length == nil, status == 204 { length = 0 }
        guard let length else { throw .malformedAnswer("an answer (\(status)) has no Content-Length") }
        let bodyStart = headCount + 2
        guard received.count >= bodyStart + length else { return nil }
        guard received.count == bodyStart + length else { throw .malformedAnswer("an answer is longer than it says") }
        self.status = status
        errorCode = code
        body = UnsafeRawBufferPointer(rebasing: received[bodyStart...])
    }

    private static func endOfLine(in head: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard let base = head.baseAddress, let end = memchr(base + start, 0x0D, head.count - start) else {
            return head.count
        }
        return UnsafeRawPointer(end) - base
    }

    private static func value(
        of name: StaticString,
        in line: Slice<UnsafeRawBufferPointer>
    ) -> Slice<UnsafeRawBufferPointer>? {
        let count = name.utf8CodeUnitCount
        guard line.count > count, line[line.startIndex + count] == UInt8(ascii: ":"),
            let base = line.base.baseAddress,
            strncasecmp(
                (base + line.startIndex).assumingMemoryBound(to: CChar.self),
                UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self),
                count
            ) == 0
        else { return nil }
        var value = line[(line.startIndex + count + 1)...]
        while value.first == 0x20 { value = value.dropFirst() }
        return value
    }

    private static func number(_ digits: Slice<UnsafeRawBufferPointer>) -> Int? {
        guard !digits.isEmpty, digits.count < 10 else { return nil }
        var number = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 0x30)
        }
        return number
    }
}

extension UnsafeRawBufferPointer {
    /// Where `text` begins for the first time.
    func firstOffset(of text: StaticString) -> Int? {
        text.withUTF8Buffer { firstOffset(of: UnsafeRawBufferPointer($0)) }
    }

    func firstOffset(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = baseAddress, let sought = bytes.baseAddress else { return nil }
        var position = 0
        while position + bytes.count <= count {
            let room = count - bytes.count + 1 - position
            guard let found = memchr(base + position, Int32(bytes[0]), room) else { return nil }
            position = UnsafeRawPointer(found) - base
            if memcmp(base + position, sought, bytes.count) == 0 { return position }
            position += 1
        }
        return nil
    }
}
