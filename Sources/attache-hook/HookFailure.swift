// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// Why a container is not started, or why its end could not be told.
enum HookFailure: Error {
    case usage(String)
    case settings(path: String, reason: String)
    case file(path: String, reason: String)
    case edit(ContainerEditError)
    /// Neither runc nor crun is there, or what the file names is not.
    case noRuntime(String?)
    case noWrapper(String)
    /// There is no folder in which containers could see the agents' socket.
    case noSocketFolder(String)
    case unreachable(socket: String, reason: String)
    /// None that stops anything: the container may start without values, and does.
    case startedOffline(text: String)
    /// What the server answered.
    case refused(text: String, hint: String?)
    case notStarted(path: String, reason: String)

    var status: Int32 {
        switch self {
        case .usage: 2
        default: 1
        }
    }

    var text: String {
        switch self {
        case .usage(let text): text
        case .settings(let path, let reason): "\(path): \(reason)"
        case .file(let path, let reason): "\(path): \(reason)"
        case .edit(let error): error.text
        case .noRuntime(let path):
            path.map { "the runtime \($0) is not there" } ?? "neither runc nor crun is in PATH; name one as \"runtime\""
        case .noWrapper(let path): "\(path) is not there; name attache-exec as \"exec\""
        case .noSocketFolder(let path): "the server cannot be reached: \(path) is not there; is attache serve running?"
        case .unreachable(let socket, let reason): "the server cannot be reached at \(socket): \(reason)"
        case .startedOffline(let text): "\(text); starting without values"
        case .refused(let text, let hint): text + (hint.map { "; \($0)" } ?? "")
        case .notStarted(let path, let reason): "\(path): \(reason)"
        }
    }

    /// One line on standard error, which most engines show to whoever started the container, and one in the system's log.
    func print(as name: String) {
        let line = Array("\(name): error: \(text)\n".utf8)
        // Nobody could be told that it cannot be written.
        _ = line.withUnsafeBytes { ckernel_hook_write(2, $0.baseAddress, $0.count) }
        ckernel_hook_log(name, text)
    }
}

/// The text for an errno.
func errorText(_ error: Int32) -> String { String(cString: ckernel_exec_error_text(error)) }
