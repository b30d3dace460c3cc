// SPDX-License-Identifier: Apache-2.0

import BackupArchive
import Foundation
import ImageArchive
import Sealing
import TestSupport

/// An image of one layer, as an engine saves it, or with something wrong.
struct SampleImage {
    enum Form: String, CaseIterable, Sendable { case docker, oci, both }

    var form = Form.oci
    var configuration = """
        {"architecture":"amd64","os":"linux","x":1.50,"config":{"Env":["PATH=/bin"],"Entrypoint":["/bin/web"],
        "Cmd":["serve"],"Labels":null},"rootfs":{"type":"layers","diff_ids":["LAYER"]},"history":[{"created_by":"a"}]}
        """
    var layer = Array("a layer, as it is".utf8)
    /// Taken for the layer's digest where it is to be wrong.
    var claimed: String?
    /// The manifests of the index; MANIFEST is its descriptor.
    var index = #"{"schemaVersion":2,"manifests":[MANIFEST]}"#
    var list = #"[{"Config":"CONFIG","RepoTags":["web:1"],"Layers":["LAYERFILE"]}]"#

    static func digest(_ bytes: [UInt8]) -> String { sha256(bytes).map { String(format: "%02x", $0) }.joined() }

    private static func descriptor(_ type: String, _ digest: String, _ size: Int) -> String {
        #"{"mediaType":"application/vnd.oci.image.\#(type)","digest":"sha256:\#(digest)","size":\#(size)}"#
    }

    func write(to path: String) throws {
        let layerDigest = claimed ?? Self.digest(layer)
        let configuration = Array(configuration.replacing("LAYER", with: "sha256:\(layerDigest)").utf8)
        let id = Self.digest(configuration)
        var writer = try ArchiveWriter(creating: path)
        if form != .docker {
            let manifest = """
                {"schemaVersion":2,"config":\(Self.descriptor("config.v1+json", id, configuration.count)),
                "layers":[\(Self.descriptor("layer.v1.tar", layerDigest, layer.count))]}
                """
            let manifestDigest = Self.digest(Array(manifest.utf8))
            let entry = Self.descriptor("manifest.v1+json", manifestDigest, manifest.utf8.count)
            try writer.add("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), seconds: 5)
            try writer.add("index.json", Array(index.replacing("MANIFEST", with: entry).utf8), seconds: 5)
            try writer.add("blobs/sha256/\(manifestDigest)", Array(manifest.utf8), seconds: 5)
            try writer.add("blobs/sha256/\(id)", configuration, seconds: 5)
            try writer.add("blobs/sha256/\(layerDigest)", layer, seconds: 5)
        } else {
            try writer.add("\(id).json", configuration, seconds: 5)
            try writer.add("\(layerDigest).tar", layer, seconds: 5)
        }
        if form != .oci {
            let prefix = form == .both ? "blobs/sha256/" : ""
            let list = list.replacing("CONFIG", with: form == .both ? "\(prefix)\(id)" : "\(id).json")
                .replacing("LAYERFILE", with: form == .both ? "\(prefix)\(layerDigest)" : "\(layerDigest).tar")
            try writer.add("manifest.json", Array(list.utf8), seconds: 5)
        }
        try writer.finish()
    }

    /// A program as far as its header goes: for amd64, without an interpreter unless told.
    static func writeProgram(to path: String, machine: UInt8 = 62, needsLibraries: Bool = false) throws {
        var bytes = [UInt8](repeating: 0, count: 64 + 56)
        bytes.replaceSubrange(0..<6, with: [0x7F, 0x45, 0x4C, 0x46, 2, 1])
        bytes[18] = machine
        bytes[32] = 64
        bytes[54] = 56
        bytes[56] = 1
        bytes[64] = needsLibraries ? 3 : 1
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}

/// Every file of an archive.
func files(of path: String) throws -> [String: [UInt8]] {
    var reader = try ArchiveReader(opening: path)
    var files: [String: [UInt8]] = [:]
    while let member = try reader.nextMember() {
        guard member.kind == .file else { continue }
        files[member.name] = try reader.bytes(upTo: 1 << 20)
    }
    return files
}
