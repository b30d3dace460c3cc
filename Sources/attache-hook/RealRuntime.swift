// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// A word of a command line, as the kernel takes it: bytes that end with a null.
typealias Word = UnsafeMutablePointer<UInt8>?

/// Words of this program's own, which live as long as it does.
func literals(_ texts: [String]) -> [Word] {
    texts.map { text in
        let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: text.utf8.count + 1)
        var end = bytes
        for byte in text.utf8 {
            end.pointee = byte
            end += 1
        }
        end.pointee = 0
        return bytes
    }
}

/// runc, crun, or another runtime that takes their command lines.
struct RealRuntime {
    let path: String
    /// What stands before the command: where the runtime keeps its state, where it writes its log.
    let globals: [Word]

    /// Where the runtime writes, before it has done with `create`, which process a container's first one is.
    ///
    /// Known of runc and crun, as far as this program needs it: it waits for the end of `create` where there is no such
    /// file, or not in this form.
    func stateFile(of container: String, root: String?) -> (folder: String, name: String, pid: String)? {
        let name = ContainerParts.lastPart(of: path)
        guard name == "runc" || name == "crun" else { return nil }
        let folder = "\(root ?? "/run/\(name)")/\(container)"
        return name == "runc" ? (folder, "state.json", "init_process_pid") : (folder, "status", "pid")
    }

    /// Becomes the runtime; returns where that fails.
    func become(_ words: [Word]) -> HookFailure {
        ckernel_hook_ignore_sigpipe(0)
        let error = withVector(words) { ckernel_exec_replace(path, $0, $1) }
        return .notStarted(path: path, reason: errorText(error))
    }

    /// Has the runtime do it, and waits; returns its exit status.
    func run(_ words: [Word]) throws(HookFailure) -> Int32 {
        ckernel_hook_wait(try start(words))
    }

    /// What the runtime writes to its standard output.
    func output(_ words: [Word]) throws(HookFailure) -> [UInt8] {
        var ends: [Int32] = [-1, -1]
        let error = ckernel_hook_pipe(&ends)
        guard error == 0 else { throw .notStarted(path: path, reason: errorText(-error)) }
        defer { ckernel_exec_close(ends[0]) }
        let pid: Int32
        do throws(HookFailure) {
            pid = try start(words, output: ends[1])
        } catch {
            ckernel_exec_close(ends[1])
            throw error
        }
        ckernel_exec_close(ends[1])
        defer { _ = ckernel_hook_wait(pid) }
        return try HostFile.contents(of: ends[0], named: path)
    }

    func start(_ words: [Word], output: Int32 = -1) throws(HookFailure) -> Int32 {
        let pid = withVector(words) { ckernel_hook_spawn(path, $0, $1, output) }
        guard pid > 0 else { throw .notStarted(path: path, reason: errorText(-pid)) }
        return pid
    }

    /// Lends the arguments and the environment of the runtime, its name first.
    private func withVector(
        _ words: [Word],
        _ body: (UnsafePointer<Word>, UnsafePointer<Word>) -> Int32
    ) -> Int32 {
        var vector = literals([path]) + words + [nil]
        var nothing: [Word] = [nil]
        guard let environment = ckernel_exec_environment() else { return body(&vector, &nothing) }
        return body(&vector, environment)
    }
}
