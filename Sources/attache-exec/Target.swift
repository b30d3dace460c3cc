// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The file that the process becomes.
struct Target {
    /// NUL-terminated.
    let path: [UInt8]

    /// Finds the command as execvp(3) would, but says what is wrong before anything else happens.
    ///
    /// A command with a slash is taken as it is. A file that is there but may not be executed does not end the
    /// search; it makes the failure 126 instead of 127. Without PATH the folders are those of execvp(3).
    init(command: Text, searching searchPath: Text?) throws(Failure) {
        let isPath = command.index(of: UInt8(ascii: "/")) != nil
        let folders = isPath ? "" : searchPath ?? "/bin:/usr/bin"
        var refused: Int32?
        var start = 0
        while !command.isEmpty, start <= folders.count {
            var end = start
            while end < folders.count, folders.bytes[end] != UInt8(ascii: ":") { end += 1 }
            // An empty folder is the current one.
            let prefix = end > start ? Array(folders.bytes[start..<end]) + [UInt8(ascii: "/")] : []
            let candidate = prefix + Array(command.bytes) + [0]
            let error = ckernel_exec_check_executable(candidate)
            guard error != 0 else {
                path = candidate
                return
            }
            if error != -ENOENT, error != -ENOTDIR { refused = -error }
            start = end + 1
        }
        guard let refused else {
            throw Failure(code: "command_not_found", message: "\(command)", status: .notFound)
        }
        throw Target.refusal("\(command): \(Message(error: refused))")
    }

    /// Becomes the command, or says why it cannot.
    func execute(
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
        _ vector: EnvironmentVector
    ) -> Failure {
        let error = ckernel_exec_replace(path, arguments, vector.pointers)
        switch error {
        case E2BIG: return ArgumentSpace(self, arguments, vector).tooLarge("which the kernel refuses", vector)
        case ENOENT: return Target.refusal("the command, or the interpreter or loader that it names, is missing")
        case ENOEXEC:
            return Target.refusal("the command is no program for this machine, and no script that begins with #!")
        default: return Target.refusal(Message(error: error))
        }
    }

    private static func refusal(_ reason: Message) -> Failure {
        Failure(code: "command_not_executable", message: reason, status: .notExecutable)
    }
}
