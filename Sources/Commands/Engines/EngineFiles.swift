// SPDX-License-Identifier: Apache-2.0

package import ContainerEdits
internal import Glibc
internal import VaultModel

/// Writes what an engine needs: its own configuration, and the settings of `attache-hook`.
///
/// What a file held before is copied beside it first. A file is replaced as a whole, with its owner and mode.
package struct EngineFiles {
    private let engine: Engine
    private let file: String
    private let isDryRun: Bool

    package init(_ engine: Engine, file: String? = nil, isDryRun: Bool = false) {
        self.engine = engine
        self.file = file ?? engine.defaultFile
        self.isDryRun = isDryRun
    }

    /// Adds what runs `hook`, a program that is called attache-hook with attache-runtime beside it.
    package func install(hook: String, settings: HookSettings, at settingsFile: String) throws(CommandError)
        -> [EngineFileChange]
    {
        let named = settingsFile == HookSettings.defaultPath ? nil : settingsFile
        let runtime = (hook.lastIndex(of: "/").map { String(hook[...$0]) } ?? "") + "attache-runtime"
        let old = try contents(file)
        let new: [UInt8]
        switch engine {
        case .docker:
            new = try editing { () throws(ContainerEditError) in try DockerDaemonFile.installing(runtime, in: old) }
        case .podman: new = Array(PodmanHookFile.text(hook: hook, settings: named).utf8)
        case .containerd:
            do {
                let text = old.map { String(decoding: $0, as: UTF8.self) }
                new = Array(try ContainerdFile.installing(runtime, in: text).utf8)
            } catch {
                throw .engineFile(path: file, reason: error.text)
            }
        }
        let text = Array(settings.text.utf8)
        return [
            try put(text, at: settingsFile, over: contents(settingsFile)), try put(new, at: file, over: old),
        ]
    }

    /// Takes out what ``install(hook:settings:at:)`` added to the engine's file.
    package func remove() throws(CommandError) -> [EngineFileChange] {
        guard let old = try contents(file) else { return [EngineFileChange(path: file, act: .none)] }
        switch engine {
        case .docker:
            let new = try editing { () throws(ContainerEditError) in try DockerDaemonFile.removing(from: old) }
            return [try new.map { bytes throws(CommandError) in try put(bytes, at: file, over: old) } ?? unchanged]
        case .podman:
            guard PodmanHookFile.hook(in: old) != nil else { return [unchanged] }
            let backup = try keep(old)
            if !isDryRun, unlink(file) != 0 { throw failure(errno) }
            return [EngineFileChange(path: file, act: .remove, backup: backup)]
        case .containerd:
            do {
                let new = try ContainerdFile.removing(from: String(decoding: old, as: UTF8.self))
                guard let new else { return [unchanged] }
                return [try put(Array(new.utf8), at: file, over: old)]
            } catch let error as ContainerdFileError {
                throw .engineFile(path: file, reason: error.text)
            } catch let error as CommandError {
                throw error
            } catch {
                throw .engineFile(path: file, reason: "it cannot be edited")
            }
        }
    }

    /// The program that the engine's file names; nil where it names none.
    package func installed() throws(CommandError) -> String? {
        guard let bytes = try contents(file) else { return nil }
        switch engine {
        case .docker: return try editing { () throws(ContainerEditError) in try DockerDaemonFile.runtime(in: bytes) }
        case .podman: return PodmanHookFile.hook(in: bytes)
        case .containerd: return ContainerdFile.runtime(in: String(decoding: bytes, as: UTF8.self))
        }
    }

    private var unchanged: EngineFileChange { EngineFileChange(path: file, act: .none) }

    private func editing<Result>(_ body: () throws(ContainerEditError) -> Result) throws(CommandError) -> Result {
        do {
            return try body()
        } catch {
            throw .engineFile(path: file, reason: error.text)
        }
    }

    private func failure(_ code: Int32) -> CommandError {
        .engineFile(path: file, reason: String(cString: strerror(code)))
    }

    private func contents(_ path: String) throws(CommandError) -> [UInt8]? {
        guard access(path, F_OK) == 0 else { return nil }
        return try BoundedFile(path: path, limit: 4 << 20).contents().withBytes { Array($0) }
    }

    /// Copies what the file holds beside it, and says where.
    private func keep(_ old: [UInt8]) throws(CommandError) -> String {
        let backup = "\(file).before-attache"
        // An earlier copy is of what the operator wrote; a later one would be of what this program did.
        if !isDryRun, access(backup, F_OK) != 0 { try write(old, to: backup, like: file) }
        return backup
    }

    /// Writes a file that is ours alone, where it does not hold that already.
    static func write(_ bytes: [UInt8], to path: String, isDryRun: Bool) throws(CommandError) -> EngineFileChange {
        let files = EngineFiles(.podman, file: path, isDryRun: isDryRun)
        let old = try files.contents(path)
        guard old != bytes else { return EngineFileChange(path: path, act: .none) }
        if !isDryRun { try files.replace(path, with: bytes) }
        return EngineFileChange(path: path, act: old == nil ? .create : .change)
    }

    private func put(_ new: [UInt8], at path: String, over old: [UInt8]?) throws(CommandError) -> EngineFileChange {
        guard new != old else { return EngineFileChange(path: path, act: .none) }
        let backup = try path == file ? old.map { bytes throws(CommandError) in try keep(bytes) } : nil
        if !isDryRun { try replace(path, with: new) }
        return EngineFileChange(path: path, act: old == nil ? .create : .change, backup: backup)
    }

    private func replace(_ path: String, with new: [UInt8]) throws(CommandError) {
        try makeFolder(of: path)
        try write(new, to: "\(path).attache-new", like: path)
        guard rename("\(path).attache-new", path) == 0 else { throw failure(errno) }
    }

    private func write(_ bytes: [UInt8], to path: String, like model: String) throws(CommandError) {
        var status = stat()
        let exists = stat(model, &status) == 0
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .engineFile(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        if exists { _ = fchown(descriptor, status.st_uid, status.st_gid) }
        _ = fchmod(descriptor, exists ? status.st_mode & 0o7777 : 0o644)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else {
                throw .engineFile(path: path, reason: String(cString: strerror(errno)))
            }
            rest = rest.dropFirst(max(0, count))
        }
        guard fsync(descriptor) == 0 else { throw .engineFile(path: path, reason: String(cString: strerror(errno))) }
    }

    private func makeFolder(of path: String) throws(CommandError) {
        var made = ""
        for part in path.split(separator: "/").dropLast() {
            made += "/\(part)"
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else {
                throw .engineFile(path: made, reason: String(cString: strerror(errno)))
            }
        }
    }
}
