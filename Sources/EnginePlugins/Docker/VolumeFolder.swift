// SPDX-License-Identifier: Apache-2.0

internal import CKernel
internal import Glibc

/// The folder of one mounted volume: a file system in memory, one file for each value.
struct VolumeFolder {
    let path: String
    let uid: UInt32
    let gid: UInt32

    /// Whether something is mounted there.
    var isMounted: Bool {
        var own = stat()
        var parent = stat()
        return lstat(path, &own) == 0 && lstat("\(path)/..", &parent) == 0 && own.st_dev != parent.st_dev
    }

    /// Makes the folder, for nobody but its mounts, and mounts memory there.
    func mount() throws(SecretVolumeError) {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/\(part)"
            // Those that are there keep their modes.
            guard mkdir(made, made == path ? 0o755 : 0o700) == 0 || errno == EEXIST else { throw Self.failure(made) }
        }
        guard !isMounted else { return }
        guard ckernel_mount_memory(path) == 0 else { throw Self.failure(path) }
    }

    /// Empties it, so that the values are gone at once, and takes it away.
    func unmount() {
        guard isMounted else { return }
        for name in names { unlink("\(path)/\(name)") }
        _ = ckernel_unmount(path)
        rmdir(path)
    }

    /// Makes it hold these values and nothing else; a file is replaced as a whole, so that a reader sees one or the other.
    func fill(_ values: AgentValues, _ isWanted: (String) -> Bool) throws(SecretVolumeError) {
        let wanted = values.names.filter(isWanted)
        for name in wanted {
            _ = try values.withValue(name) { bytes throws(SecretVolumeError) in try write(bytes, to: name) }
        }
        for name in names where !wanted.contains(name) { unlink("\(path)/\(name)") }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, to name: String) throws(SecretVolumeError) {
        // The name of an entry has no dot.
        let new = "\(path)/.\(name)"
        unlink(new)
        let descriptor = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o400)
        guard descriptor >= 0 else { throw Self.failure(path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            guard count > 0 || errno == EINTR else { throw Self.failure(path) }
            rest = rest.dropFirst(max(0, count))
        }
        guard fchmod(descriptor, 0o400) == 0, fchown(descriptor, uid, gid) == 0, rename(new, "\(path)/\(name)") == 0
        else {
            throw Self.failure(path)
        }
    }

    private var names: [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    private static func failure(_ path: String) -> SecretVolumeError {
        .refused("\(path): \(String(cString: strerror(errno)))")
    }
}
