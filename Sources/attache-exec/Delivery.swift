// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// An environment on its way from the process that fetched it to the one that becomes the command.
///
/// A file in memory, sealed once it is written: the supervisor itself never maps it. The content is
/// `receipt LF allowed names LF readable names LF body`.
struct Delivery: Equatable {
    private let descriptor: Int32

    init(named name: Text) throws(Failure) {
        descriptor = name.bytes.baseAddress.map { ckernel_supervise_memory_file($0) } ?? -EINVAL
        guard descriptor >= 0 else {
            throw Failure(code: "out_of_memory", message: "no file in memory: \(Message(error: -descriptor))")
        }
    }

    func close() { ckernel_exec_close(descriptor) }

    func write(_ answer: Answer?) throws(Failure) {
        var error = write(answer?.receipt, "\n")
        if error == 0 { error = write(answer?.allowedNames, "\n") }
        if error == 0 { error = write(answer?.readableNames, "\n") }
        if error == 0 { error = write(answer?.body, "") }
        if error == 0 { error = ckernel_supervise_seal(descriptor) }
        guard error == 0 else {
            throw Failure(code: "out_of_memory", message: "the file in memory: \(Message(error: -error))")
        }
    }

    /// Returns 0 or an error number.
    private func write(_ text: Text?, _ end: Text) -> Int32 {
        var error: Int32 = 0
        if let text, let start = text.bytes.baseAddress {
            error = ckernel_supervise_write_all(descriptor, start, text.count)
        }
        guard error == 0, let start = end.bytes.baseAddress else { return error }
        return ckernel_supervise_write_all(descriptor, start, end.count)
    }

    /// Maps what was written, for good: for a process that ends or becomes the command.
    func read() throws(Failure) -> Answer {
        var count = 0
        guard let pages = ckernel_supervise_map_file(descriptor, &count) else {
            throw Failure(code: "out_of_memory", message: "the file in memory cannot be read")
        }
        var rest = Text(UnsafeBufferPointer(start: pages.assumingMemoryBound(to: UInt8.self), count: count))
        let receipt = Delivery.takeLine(&rest)
        let allowedNames = Delivery.takeLine(&rest)
        let readableNames = Delivery.takeLine(&rest)
        return try Answer(body: rest, allowedNames: allowedNames, readableNames: readableNames, receipt: receipt)
    }

    private static func takeLine(_ rest: inout Text) -> Text {
        let end = rest.index(of: UInt8(ascii: "\n")) ?? 0
        defer { rest = rest[end + 1..<rest.count] }
        return rest[0..<end]
    }
}
