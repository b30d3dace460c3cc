// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// Reading and replacing files, whole.
enum HostFile {
    /// The bytes of a file; nil where there is none.
    static func contents(of path: String) throws(HookFailure) -> [UInt8]? {
        var size = 0
        let descriptor = ckernel_hook_open(path, &size)
        guard descriptor >= 0 else {
            if descriptor == -ENOENT || descriptor == -ENOTDIR { return nil }
            throw .file(path: path, reason: errorText(-descriptor))
        }
        defer { ckernel_exec_close(descriptor) }
        return try contents(of: descriptor, named: path, size: size)
    }

    /// `size` is what is expected, in bytes: one more is read, to see the end.
    static func contents(
        of descriptor: Int32,
        named path: String,
        size: Int = 4_095
    ) throws(HookFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var room = min(size, JSONText.maximumBytes) + 1
        while true {
            var failure: Int64 = 0
            let part = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
                guard let start = buffer.baseAddress else { return }
                let got = ckernel_hook_read(descriptor, start, buffer.count)
                if got < 0 { failure = got } else { count = Int(got) }
            }
            guard failure == 0 else { throw .file(path: path, reason: errorText(Int32(-failure))) }
            guard !part.isEmpty else { return bytes }
            if bytes.isEmpty { bytes = part } else { bytes += part }
            guard bytes.count <= JSONText.maximumBytes else { throw .file(path: path, reason: "it is too large") }
            room = bytes.count < size ? size - bytes.count + 1 : 16 << 10
        }
    }

    /// Puts `bytes` in the place of the file, whose owner and mode stay: whoever reads it finds the old or the new one.
    static func replace(_ path: String, with bytes: [UInt8]) throws(HookFailure) {
        let error = bytes.withUnsafeBytes {
            ckernel_hook_replace_file(path, "\(path).attache", $0.baseAddress, $0.count)
        }
        guard error == 0 else { throw .file(path: path, reason: errorText(-error)) }
    }

    static func write(_ bytes: [UInt8], to descriptor: Int32, named path: String) throws(HookFailure) {
        let error = bytes.withUnsafeBytes { ckernel_hook_write(descriptor, $0.baseAddress, $0.count) }
        guard error == 0 else { throw .file(path: path, reason: errorText(-error)) }
    }

    static func isExecutable(_ path: String) -> Bool { ckernel_exec_check_executable(path) == 0 }
}

enum StandardInput {
    static func contents() throws(HookFailure) -> [UInt8] {
        try HostFile.contents(of: 0, named: "standard input")
    }
}

enum StandardOutput {
    static func write(_ bytes: [UInt8]) throws(HookFailure) {
        try HostFile.write(bytes, to: 1, named: "standard output")
    }
}
