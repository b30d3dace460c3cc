// SPDX-License-Identifier: Apache-2.0

internal import BackupArchive
internal import ContainerEdits
internal import Sealing

/// What is in an archive: of every file its size and its digest, and the bytes of those that can be documents.
struct ImageContents {
    /// A document that is larger is refused; the configurations of images have some thousand bytes.
    private static let maximumDocumentBytes: Int64 = 4 << 20
    private static let maximumDocuments = 64 << 20

    private var files: [String: (size: Int64, digest: String)] = [:]
    private var documents: [String: [UInt8]] = [:]
    private var links: [String: String] = [:]
    private var ambiguous: Set<String> = []

    init(of path: String) throws(ImageError) {
        do throws(ArchiveError) {
            var reader = try ArchiveReader(opening: path)
            var kept = 0
            while let member = try reader.nextMember() {
                let name = Self.plain(member.name)
                if files[name] != nil || links[name] != nil { ambiguous.insert(name) }
                switch member.kind {
                case .folder: break
                case .symbolicLink(let target): links[name] = target
                case .other: ambiguous.insert(name)
                case .file:
                    var digest = RunningDigest()
                    var bytes: [UInt8] = []
                    let isKept =
                        member.size <= Self.maximumDocumentBytes && kept + Int(member.size) <= Self.maximumDocuments
                    try reader.forEachChunk { chunk in
                        digest.add(chunk)
                        if isKept { bytes += chunk }
                    }
                    files[name] = (member.size, "sha256:" + hexadecimal(digest.finish()))
                    if isKept {
                        documents[name] = bytes
                        kept += bytes.count
                    }
                }
            }
        } catch {
            throw .archive(path: path, error)
        }
    }

    /// A name without the `./` that some tools write in front of it.
    static func plain(_ name: String) -> String { name.hasPrefix("./") ? String(name.dropFirst(2)) : name }

    func has(_ name: String) -> Bool { files[name] != nil }

    /// The file of that name, and its digest; a link in docker's archives leads to it.
    func file(_ name: String) throws(ImageError) -> (name: String, size: Int64, digest: String) {
        guard !ambiguous.contains(name) else { throw .missing(name: name) }
        if let target = links[name] {
            var folders = name.split(separator: "/").dropLast()
            for part in target.split(separator: "/", omittingEmptySubsequences: false) {
                switch part {
                case ".": break
                case "..":
                    guard folders.popLast() != nil else { throw .missing(name: name) }
                default: folders.append(part)
                }
            }
            let resolved = folders.joined(separator: "/")
            guard let file = files[resolved], !ambiguous.contains(resolved) else { throw .missing(name: name) }
            return (resolved, file.size, file.digest)
        }
        guard let file = files[name] else { throw .missing(name: name) }
        return (name, file.size, file.digest)
    }

    /// The bytes of a document.
    func document(_ name: String) throws(ImageError) -> [UInt8] {
        guard !ambiguous.contains(name), let bytes = documents[name] else { throw .missing(name: name) }
        return bytes
    }

    /// The name of what a descriptor refers to, held against its digest and its size.
    func blob(_ descriptor: ImageEdit.Descriptor) throws(ImageError) -> String {
        let parts = descriptor.digest.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "sha256" else { throw .missing(name: descriptor.digest) }
        let file = try file("blobs/sha256/\(parts[1])")
        guard file.digest == descriptor.digest, file.size == descriptor.size else {
            throw .wrongDigest(name: file.name)
        }
        return file.name
    }
}

/// Digits of `bytes`, two for each.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
