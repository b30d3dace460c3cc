// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Sealing
internal import VaultModel

/// The file that holds the master key, which never lies beside the data.
struct MasterKeyFile {
    let path: String

    /// Reads the key; nil when there is no such file.
    ///
    /// A file that others may read is refused: the key opens everything.
    func read() throws(ServeError) -> MasterKey? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .masterKey("the master key file \(path) cannot be read", hint: "check its owner and mode")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .masterKey("the master key file \(path) is not a regular file", hint: nil)
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .masterKey("the master key file \(path) can be read by others", hint: "chmod 600 \(path)")
        }
        // A key is 64 digits at most; a longer file is refused without being read whole.
        var count = 0
        let contents = SecretBytes(count: 256) { buffer in
            count = Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        }
        guard count >= 0 else { throw .masterKey("the master key file \(path) cannot be read", hint: nil) }
        let bytes = contents.withBytes { SecretBytes(copying: $0.prefix(count)) }
        do {
            return try MasterKey(fileContents: bytes)
        } catch {
            throw .masterKey(
                "the master key file \(path) holds no key: 64 hexadecimal digits are expected",
                hint: "nothing was changed; restore the file from its backup"
            )
        }
    }

    /// Makes a key and writes it to a file that did not exist, durably, before anything is sealed under it.
    func create() throws(ServeError) -> MasterKey {
        let key = MasterKey.generate()
        try makeParent()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw .masterKey("the master key file \(path) cannot be made", hint: "check the folder's owner and mode")
        }
        defer { close(descriptor) }
        let written = key.withFileContents { bytes in
            write(descriptor, bytes.baseAddress, bytes.count) == bytes.count
        }
        guard written, fsync(descriptor) == 0 else {
            unlink(path)
            throw .masterKey("the master key file \(path) cannot be written", hint: "is the disk full?")
        }
        synchronizeParent()
        return key
    }

    private var parent: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func makeParent() throws(ServeError) {
        var made = ""
        for part in parent.split(separator: "/", omittingEmptySubsequences: false) {
            made += part.isEmpty && made.isEmpty ? "/" : (made.isEmpty || made.hasSuffix("/") ? "" : "/") + part
            if mkdir(made, 0o700) != 0, errno != EEXIST, errno != EISDIR {
                throw .masterKey("the folder \(made) cannot be made", hint: nil)
            }
        }
    }

    private func synchronizeParent() {
        let descriptor = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }
}
