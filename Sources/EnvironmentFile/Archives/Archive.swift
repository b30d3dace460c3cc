// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
package import VaultModel

/// The `.env` files of an archive, read in memory and never unpacked to disk.
///
/// All or nothing: whatever is wrong with an archive, nothing of it is read. Taken are `.env`, `.env.*` and `*.env`,
/// whatever folder they are in; the rest is listed as skipped.
package struct Archive: Sendable {
    package static let maximumBytes = 10 << 20
    package static let maximumExpandedBytes = 16 << 20
    package static let maximumMembers = 1_000
    package static let maximumBundles = 64

    /// In the order of the bytes of their paths.
    package private(set) var bundles: [Bundle] = []
    /// In the order of the archive.
    package private(set) var skipped: [Skipped] = []

    /// One `.env` file of an archive.
    package struct Bundle: Sendable {
        package let path: String
        package let text: SharedSecret
    }

    /// A file that was not read.
    package struct Skipped: Equatable, Sendable {
        package let path: String
        package let reason: Reason

        /// The raw values are part of the interface.
        package enum Reason: String, CaseIterable, Sendable {
            /// `.env.example` and its like: names without values.
            case template
            /// `.env.keys` and `.env.vault` of dotenvx.
            case keys
            /// What macOS adds: `__MACOSX/` and `._*`.
            case resourceFork = "resource_fork"
            /// Not a `.env` file by its name.
            case other
        }
    }

    private static let queue = DispatchQueue(label: "archives", qos: .userInitiated)

    /// Reads `file` on a thread of its own.
    ///
    /// One after the other: what several archives expand to is never in memory at the same time.
    package static func reading(_ file: SharedSecret) async throws(ArchiveError) -> Archive {
        let result: Result<Archive, ArchiveError> = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(
                    returning: Result { () throws(ArchiveError) in try file.bytes.withBytes(Archive.init(reading:)) }
                )
            }
        }
        return try result.get()
    }

    /// Reads `file`, which is one by ``ArchiveKind``, on the thread of the caller; keeps no pointer to it.
    package init(reading file: UnsafeRawBufferPointer) throws(ArchiveError) {
        guard file.count <= Self.maximumBytes else { throw ArchiveError(.tooLarge) }
        let names = NameLocale()
        defer { names.leave() }
        switch ArchiveKind(of: file) {
        case .some(let kind) where kind.isContainer: try readMembers(of: file, kind)
        case .some(let kind) where kind != .foreign:
            let expanded = try Expansion.expanding(file, of: kind)
            try expanded.withBytes { content throws(ArchiveError) in
                guard let inner = ArchiveKind(of: content) else { throw ArchiveError(.foreign) }
                guard inner == .tar else { throw ArchiveError(.nested) }
                try readMembers(of: content, inner)
            }
        default: throw ArchiveError(.foreign)
        }
        guard !bundles.isEmpty else { throw ArchiveError(.noBundle) }
        bundles.sort { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    }

    // MARK: - Members

    private mutating func readMembers(of bytes: UnsafeRawBufferPointer, _ kind: ArchiveKind) throws(ArchiveError) {
        // A tar has no checksum of its contents: what tells that it is whole is the block of zeros at its end.
        if kind == .tar {
            let end = bytes.suffix(ArchiveKind.tarBlock)
            guard bytes.count.isMultiple(of: ArchiveKind.tarBlock), end.allSatisfy({ $0 == 0 }) else {
                throw ArchiveError(.damaged)
            }
        }
        var archive = try ArchiveHandle.container(kind, in: bytes)
        var room = kind == .tar ? Self.maximumExpandedBytes : Expansion.limit(of: bytes.count)
        var paths: Set<MemberPath> = []
        var number = 0
        while try archive.next() {
            number += 1
            guard number <= Self.maximumMembers else { throw ArchiveError(.tooManyMembers) }
            guard let raw = archive.path, let path = MemberPath(raw) else { throw ArchiveError(.path, member: number) }
            func refuse(_ rule: ArchiveRule) -> ArchiveError { ArchiveError(rule, path: path.text, member: number) }
            switch archive.type {
            case .link: throw refuse(.link)
            case .special: throw refuse(.special)
            case .folder: continue
            case .file: break
            }
            guard paths.insert(path).inserted else { throw refuse(.duplicate) }
            guard !archive.isEncrypted else { throw refuse(.encrypted) }
            guard !archive.isSparse else { throw refuse(.sparse) }
            let size = archive.size ?? 0
            guard size >= 0, size <= room else { throw refuse(.expandsTooFar) }
            room -= Int(size)
            switch path.role {
            case .archive: throw refuse(.nested)
            case .template: skipped.append(Skipped(path: path.text, reason: .template))
            case .keys: skipped.append(Skipped(path: path.text, reason: .keys))
            case .resourceFork: skipped.append(Skipped(path: path.text, reason: .resourceFork))
            case .other: skipped.append(Skipped(path: path.text, reason: .other))
            case .bundle:
                guard bundles.count < Self.maximumBundles else { throw ArchiveError(.tooManyMembers) }
                let text = try archive.contents(ofSize: Int(size), at: refuse)
                guard text.withBytes({ ArchiveKind(of: $0) }) == nil else { throw refuse(.nested) }
                bundles.append(Bundle(path: path.text, text: SharedSecret(text)))
            }
        }
    }
}

extension ArchiveHandle {
    /// Reads the member that the archive claims to have `size` bytes.
    ///
    /// One that is larger than a `.env` file may be is read only as far as it takes to see that.
    fileprivate mutating func contents(
        ofSize size: Int,
        at refuse: (ArchiveRule) -> ArchiveError
    ) throws(ArchiveError) -> SecretBytes {
        let wanted = min(size, EnvironmentFileReader.maximumFileBytes + 1)
        var filled = 0
        // One byte of room more than claimed tells an archive that lies.
        let buffer: SecretBytes
        do throws(ArchiveError) {
            buffer = try SecretBytes(count: wanted + 1) { memory throws(ArchiveError) in
                while filled < memory.count {
                    let rest = UnsafeMutableRawBufferPointer(rebasing: memory[filled...])
                    let count = try read(into: rest)
                    if count == 0 { return }
                    filled += count
                }
            }
        } catch {
            throw refuse(error.rule)
        }
        guard size > wanted || filled == size else { throw refuse(.damaged) }
        return buffer.withBytes { SecretBytes(copying: $0.prefix(filled)) }
    }
}
