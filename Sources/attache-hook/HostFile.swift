// SPDX-License-Identifier: Apache-2.0

internal import ContainerEdits
internal import Glibc

/// Reading and replacing files, whole.
enum HostFile {
    /// The bytes of a file; nil where there is none.
    static func contents(of path: String) throws(HookFailure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .file(path: path, reason: errorText(errno))
        }
        defer { close(descriptor) }
        return try contents(of: descriptor, named: path)
    }

    static func contents(of descriptor: Int32, named path: String) throws(HookFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw .file(path: path, reason: errorText(errno))
            }
            bytes += buffer[..<count]
            guard bytes.count <= JSONText.maximumBytes else { throw .file(path: path, reason: "it is too large") }
        }
    }

    /// Puts `bytes` in the place of the file, whose owner and mode stay: whoever reads it finds the old or the new one.
    static func replace(_ path: String, with bytes: [UInt8]) throws(HookFailure) {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .file(path: path, reason: errorText(errno)) }
        let new = "\(path).attache"
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: new, reason: errorText(errno)) }
        do throws(HookFailure) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor, named: new)
            _ = fchown(descriptor, status.st_uid, status.st_gid)
            guard fchmod(descriptor, status.st_mode & 0o7777) == 0 else {
                throw .file(path: new, reason: errorText(errno))
            }
        } catch {
            unlink(new)
            throw error
        }
        guard rename(new, path) == 0 else {
            let reason = errorText(errno)
            unlink(new)
            throw .file(path: path, reason: reason)
        }
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, named path: String) throws(HookFailure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                if count < 0, errno == EINTR { continue }
                throw .file(path: path, reason: errorText(errno))
            }
            rest = rest.dropFirst(count)
        }
    }

    static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func isSame(_ one: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }

    /// The folder and the path of this program (proc(5)).
    static var program: (folder: String, path: String)? {
        guard let resolved = realpath("/proc/self/exe", nil) else { return nil }
        defer { free(resolved) }
        let path = String(cString: resolved)
        return path.lastIndex(of: "/").map { (String(path[..<$0]), path) }
    }
}

enum StandardOutput {
    static func write(_ bytes: [UInt8]) throws(HookFailure) {
        try HostFile.write(bytes, to: STDOUT_FILENO, named: "standard output")
    }
}
