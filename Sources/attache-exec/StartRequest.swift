// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// One `POST /api/v1/starts`, in memory that is wiped when the request goes away (docs/formats/start-protocol.md).
struct StartRequest: ~Copyable {
    /// More than the fixed lines, the longest host, the longest instance and the longest token together.
    private static let capacity = 2048
    private static let maximumTokenBytes = 1024

    private let storage: UnsafeMutablePointer<UInt8>
    private var count = 0

    init(to host: Text, id: (UInt64, UInt64), instance: Text, isSession: Bool, isSupervised: Bool, forwardPort: Int?) {
        storage = .allocate(capacity: StartRequest.capacity)
        append("POST /api/v1/starts HTTP/1.1\r\nHost: ")
        append(host)
        append("\r\nAccept: ")
        append(Answer.contentType)
        append("\r\nContent-Length: 0\r\nConnection: close\r\nAttache-Start: ")
        append(hexadecimal: id.0)
        append(hexadecimal: id.1)
        append("\r\nAttache-Instance: ")
        append(instance)
        append(isSession ? "\r\nAttache-Session: 1\r\n" : isSupervised ? "\r\nAttache-Supervised: 1\r\n" : "\r\n")
        guard let forwardPort else { return }
        append("Attache-Forward: ")
        append(number: forwardPort)
        append("\r\n")
    }

    /// A request about a start that was made: `path` follows `/api/v1/starts/` and is at most 400 bytes.
    init(to host: Text, _ method: Text, _ path: Text) {
        storage = .allocate(capacity: StartRequest.capacity)
        append(method)
        append(" /api/v1/starts/")
        append(path[0..<min(path.count, 400)])
        append(" HTTP/1.1\r\nHost: ")
        append(host)
        append("\r\nConnection: close\r\n")
    }

    deinit {
        ckernel_zero(storage, StartRequest.capacity)
        storage.deallocate()
    }

    /// Adds the token, if there is one: without, an engine may vouch for the container.
    mutating func authorize(with token: inout GatewayToken, until deadline: Int64) throws(Failure) {
        let before = count
        append("Authorization: Bearer ")
        let room = UnsafeMutableBufferPointer(start: storage + count, count: StartRequest.maximumTokenBytes)
        let length = try token.read(into: room, until: deadline)
        guard length > 0 else {
            count = before
            return
        }
        count += length
        append("\r\n")
    }

    /// Ends the head and sends it: 0 or a negated errno.
    mutating func send(over connection: borrowing Connection, until deadline: Int64) -> Int32 {
        append("\r\n")
        return connection.send(storage, count, until: deadline)
    }

    private mutating func append(hexadecimal number: UInt64) {
        let digits: Text = "0123456789abcdef"
        for shift in stride(from: 60, through: 0, by: -4) {
            storage[count] = digits.bytes[Int(truncatingIfNeeded: number >> UInt64(shift)) & 15]
            count += 1
        }
    }

    private mutating func append(number: Int) {
        if number >= 10 { append(number: number / 10) }
        storage[count] = UInt8(ascii: "0") + UInt8(number % 10)
        count += 1
    }

    private mutating func append(_ text: Text) {
        for byte in text.bytes {
            storage[count] = byte
            count += 1
        }
    }
}
