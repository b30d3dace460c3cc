// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// Where the gateway token is: in a file, else in a variable, else nowhere.
///
/// The token itself is only ever where it was found and in the memory of a request.
struct GatewayToken {
    private let file: Text?
    private let variable: Text?
    private var warns: Bool

    init(environment: InheritedEnvironment, isQuiet: Bool) {
        file = environment.setting("ATTACHE_GATEWAY_TOKEN_FILE")
        // A copy, since the environment is wiped while a supervisor goes on asking.
        variable = environment.setting("ATTACHE_GATEWAY_TOKEN").map { Text(joining: [$0]) }
        warns = !isQuiet
    }

    /// Copies the token as it is now and returns its length, 0 where there is none.
    ///
    /// The file is read again at every attempt, since a rotation may replace it meanwhile. Only what a header may hold
    /// is a token.
    mutating func read(into room: UnsafeMutableBufferPointer<UInt8>, until deadline: Int64) throws(Failure) -> Int {
        var length = 0
        if let file {
            length = try read(file, into: room, until: deadline)
        } else if let variable {
            length = min(variable.count, room.count)
            for position in 0..<length { room[position] = variable.bytes[position] }
        } else {
            return 0
        }
        let isWhole = length > 0 && length < room.count
        guard isWhole, Text(UnsafeBufferPointer(rebasing: room[..<length])).isVisibleASCII else {
            throw Failure(code: "token_invalid", message: "the token is empty, too long, or has a space or line break")
        }
        return length
    }

    private mutating func read(
        _ file: Text,
        into room: UnsafeMutableBufferPointer<UInt8>,
        until deadline: Int64
    ) throws(Failure) -> Int {
        // The end of an inherited string, so it has its NUL.
        guard let path = file.bytes.baseAddress, let start = room.baseAddress else { return 0 }
        var mode: UInt32 = 0
        let descriptor = ckernel_exec_open(path, &mode)
        guard descriptor >= 0 else { throw GatewayToken.unreadable(file, -descriptor) }
        defer { ckernel_exec_close(descriptor) }
        if warns, mode & 0o044 != 0 {
            Message("warning: group or others may read the token file \(file)").print()
            warns = false
        }
        var length = 0
        while length < room.count {
            let got = ckernel_exec_read(descriptor, start + length, room.count - length, deadline)
            guard got >= 0 else { throw GatewayToken.unreadable(file, Int32(-got)) }
            guard got > 0 else { break }
            length += Int(got)
        }
        return length > 0 && room[length - 1] == UInt8(ascii: "\n") ? length - 1 : length
    }

    private static func unreadable(_ file: Text, _ error: Int32) -> Failure {
        Failure(code: "token_unreadable", message: "\(file): \(Message(error: error))")
    }
}
