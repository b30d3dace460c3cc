// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The kernel's arithmetic for a new process, done before execve(2) so that a failure can name the variable.
///
/// Linux counts, against a quarter of the stack limit but at most 6 MiB and at least 128 KiB: the path, every argument
/// and every environment string with its NUL, and a pointer for each of the last two (`bprm_stack_limits`, fs/exec.c).
/// One string may have 32 pages with its NUL. A script needs a little more, for its interpreter's line.
struct ArgumentSpace {
    static let maximumStringBytes = 131_071

    private let byteCount: Int

    init(
        _ target: Target,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
        _ vector: EnvironmentVector
    ) {
        var sum = target.path.count
        var next = arguments
        while let argument = next.pointee {
            sum += Text(cString: argument).count + 1 + MemoryLayout<Int>.size
            next += 1
        }
        for string in vector.strings { sum += string.text.count + 1 + MemoryLayout<Int>.size }
        byteCount = sum
    }

    func check(_ vector: EnvironmentVector) throws(Failure) {
        let limit = max(min(Int(clamping: ckernel_exec_stack_limit() / 4), 6 << 20), 128 << 10)
        guard byteCount <= limit else { throw tooLarge("the kernel takes \(limit)", vector) }
    }

    /// Names the sum and the three largest variables.
    func tooLarge(_ limit: Message, _ vector: EnvironmentVector) -> Failure {
        var largest: [EnvironmentString] = []
        for string in vector.strings where string.name != nil {
            largest.insert(string, at: largest.firstIndex { $0.text.count < string.text.count } ?? largest.count)
            if largest.count > 3 { largest.removeLast() }
        }
        var message: Message = "arguments and environment have \(byteCount) bytes, \(limit); largest:"
        for string in largest { message = "\(message) \(string.name ?? "") (\(string.text.count) bytes)" }
        return Failure(code: "environment_too_large", message: message)
    }

    /// Checks the limit of one string for what the vault gave: the kernel has already taken the others.
    static func checkStrings(_ given: [EnvironmentString]) throws(Failure) {
        for string in given where string.text.count > maximumStringBytes {
            let sizes: Message = "\(string.text.count) bytes with its name, the kernel takes \(maximumStringBytes)"
            throw Failure(code: "value_too_long", message: "\(string.name ?? "") has \(sizes)")
        }
    }
}
