// SPDX-License-Identifier: Apache-2.0

internal import BackupArchive
internal import ContainerEdits
internal import Glibc
internal import Sealing

/// Puts the wrapper into an image that lies in a tar archive, as one layer more and in front of its entrypoint.
///
/// Blocks its thread. Reads docker's archives (`docker save`, `podman save`) and OCI's, and writes one of the same kind.
/// Layers are copied as they are, every digest is held against what it is of, and the same input gives the same output.
/// What is not understood in full is refused.
package struct ImageWrap: Sendable {
    /// The program, static.
    package var wrapper: String
    /// Whose image it is; a label says so.
    package var agent: String?
    /// Where the wrapper asks, unless the container is told otherwise.
    package var address: String
    /// Where the wrapper finds its gateway token, unless the container is told otherwise.
    package var tokenFile: String
    /// The name by which the result is loaded; that of the input where it is nil.
    package var name: String?

    package init(wrapper: String, agent: String? = nil, address: String, tokenFile: String, name: String? = nil) {
        self.wrapper = wrapper
        self.agent = agent
        self.address = address
        self.tokenFile = tokenFile
        self.name = name
    }

    /// What was made.
    package struct Result: Equatable, Sendable {
        package enum Format: String, Sendable { case docker, oci }

        package let format: Format
        /// The digest of the configuration, which is the image's id.
        package let id: String
        package let layer: String
        package let architecture: String
        /// What the wrapper is in front of.
        package let entrypoint: [String]
    }

    /// Reads `input` and makes `output`, which must not exist; nothing is left of it where that fails.
    package func wrap(_ input: String, to output: String) throws(ImageError) -> Result {
        let contents = try ImageContents(of: input)
        let program = try WrapperProgram(path: wrapper)
        guard access(output, F_OK) != 0 else { throw .archive(path: output, .exists) }
        let layerPath = "\(output).layer"
        defer { unlink(layerPath) }
        let layer = try makeLayer(of: program, at: layerPath)
        let edit = ImageEdit(
            variables: [
                ImageEdit.Variable("ATTACHE_ADDRESS", address),
                ImageEdit.Variable("ATTACHE_GATEWAY_TOKEN_FILE", tokenFile),
            ],
            agent: agent,
            layer: layer.digest
        )
        var plan: Plan
        if contents.has("oci-layout") {
            plan = try planOCI(contents, edit, layer)
        } else if contents.has("manifest.json") {
            plan = try planDocker(contents, edit)
        } else {
            throw .notAnImage
        }
        guard plan.result.architecture == program.architecture else {
            throw .wrapperUnfit(
                path: wrapper,
                reason: "it is for \(program.architecture), and the image for \(plan.result.architecture)"
            )
        }
        plan.layerName = plan.layerName.replacing("LAYER", with: String(layer.digest.dropFirst(7)))
        do throws(ArchiveError) {
            try write(plan, from: input, layer: layerPath, to: output)
        } catch {
            unlink(output)
            throw .archive(path: output, error)
        }
        return plan.result
    }

    /// What the output is made of.
    private struct Plan {
        /// Files of the input that are copied.
        var copied: Set<String>
        /// New ones, in the order in which they are written.
        var documents: [(name: String, bytes: [UInt8])]
        var layerName: String
        let result: Result
    }

    private func makeLayer(
        of program: WrapperProgram,
        at path: String
    ) throws(ImageError) -> (digest: String, size: Int64) {
        do throws(ArchiveError) {
            let file = ImageEdit.wrapperPath.dropFirst()
            let folder = file[..<(file.lastIndex(of: "/") ?? file.endIndex)]
            unlink(path)
            var writer = try ArchiveWriter(creating: path)
            // A folder of its own, also where an image has something else of that name.
            try writer.addFolder("\(folder)/", seconds: 0, mode: 0o755)
            try writer.add(String(file), program.bytes, seconds: 0, mode: 0o755)
            try writer.finish()
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { throw ArchiveError.failed }
            defer { close(descriptor) }
            var digest = RunningDigest()
            var size: Int64 = 0
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                guard count >= 0 else { throw ArchiveError.failed }
                guard count > 0 else { break }
                buffer.withUnsafeBytes { digest.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                size += Int64(count)
            }
            return ("sha256:" + hexadecimal(digest.finish()), size)
        } catch {
            throw .archive(path: path, error)
        }
    }

    // MARK: - The two forms

    private func planOCI(
        _ contents: ImageContents,
        _ edit: ImageEdit,
        _ layer: (digest: String, size: Int64)
    ) throws(ImageError) -> Plan {
        let index = try contents.document("index.json")
        let layout = try contents.document("oci-layout")
        let manifestAt = try named("index.json") { () throws(ContainerEditError) in
            try ImageEdit.manifest(ofIndex: index)
        }
        let manifestName = try contents.blob(manifestAt)
        let manifest = try contents.document(manifestName)
        let parts = try named(manifestName) { () throws(ContainerEditError) in try ImageEdit.parts(ofManifest: manifest)
        }
        let configurationName = try contents.blob(parts.configuration)
        let configuration = try contents.document(configurationName)
        let facts = try named(configurationName) { () throws(ContainerEditError) in
            try ImageEdit.Configuration(configuration)
        }
        guard facts.layers.count == parts.layers.count else { throw .wrongDigest(name: configurationName) }
        var copied: [String] = []
        for part in parts.layers { copied.append(try contents.blob(part)) }

        let newConfiguration = try named(configurationName) { () throws(ContainerEditError) in
            try edit.configuration(configuration)
        }
        let id = Self.digest(newConfiguration)
        let newManifest = try named(manifestName) { () throws(ContainerEditError) in
            try edit.manifest(manifest, configuration: (id, Int64(newConfiguration.count)), layerSize: layer.size)
        }
        let newManifestDigest = Self.digest(newManifest)
        let newIndex = try named("index.json") { () throws(ContainerEditError) in
            try ImageEdit.index(index, manifest: (newManifestDigest, Int64(newManifest.count)), name: name)
        }
        var documents: [(name: String, bytes: [UInt8])] = [
            ("oci-layout", layout), ("index.json", newIndex), (Self.blobName(newManifestDigest), newManifest),
            (Self.blobName(id), newConfiguration),
        ]
        if contents.has("manifest.json") {
            // For engines that read docker's own list of what is in it.
            let list = try contents.document("manifest.json")
            var image = try named("manifest.json") { () throws(ContainerEditError) in
                try ImageEdit.DockerImage(list: list)
            }
            guard image.configuration == configurationName, image.layers == copied else {
                throw .wrongDigest(name: "manifest.json")
            }
            image.configuration = Self.blobName(id)
            image.layers.append(Self.blobName(layer.digest))
            if let name { image.names = [name] }
            documents.append(("manifest.json", image.list))
        }
        return Plan(
            copied: Set(copied),
            documents: documents,
            layerName: "blobs/sha256/LAYER",
            result: Result(
                format: .oci,
                id: id,
                layer: layer.digest,
                architecture: facts.architecture,
                entrypoint: facts.entrypoint
            )
        )
    }

    private func planDocker(_ contents: ImageContents, _ edit: ImageEdit) throws(ImageError) -> Plan {
        let list = try contents.document("manifest.json")
        var image = try named("manifest.json") { () throws(ContainerEditError) in try ImageEdit.DockerImage(list: list)
        }
        let configurationName = image.configuration
        let configuration = try contents.document(try contents.file(configurationName).name)
        let facts = try named(configurationName) { () throws(ContainerEditError) in
            try ImageEdit.Configuration(configuration)
        }
        guard facts.layers.count == image.layers.count else { throw .wrongDigest(name: configurationName) }
        var copied: [String] = []
        for (layer, digest) in zip(image.layers, facts.layers) {
            let file = try contents.file(layer)
            guard file.digest == digest else { throw .wrongDigest(name: layer) }
            copied.append(file.name)
        }
        let newConfiguration = try named(configurationName) { () throws(ContainerEditError) in
            try edit.configuration(configuration)
        }
        let id = Self.digest(newConfiguration)
        image.configuration = "\(id.dropFirst(7)).json"
        image.layers = copied + ["\(edit.layer.dropFirst(7)).tar"]
        if let name { image.names = [name] }
        return Plan(
            copied: Set(copied),
            documents: [("manifest.json", image.list), (image.configuration, newConfiguration)],
            layerName: "LAYER.tar",
            result: Result(
                format: .docker,
                id: id,
                layer: edit.layer,
                architecture: facts.architecture,
                entrypoint: facts.entrypoint
            )
        )
    }

    private func named<Value>(
        _ name: String,
        _ body: () throws(ContainerEditError) -> Value
    ) throws(ImageError) -> Value {
        do {
            return try body()
        } catch {
            throw .document(name: name, error)
        }
    }

    private static func digest(_ bytes: [UInt8]) -> String { "sha256:" + hexadecimal(sha256(bytes)) }

    private static func blobName(_ digest: String) -> String { "blobs/sha256/\(digest.dropFirst(7))" }

    // MARK: - The output

    private func write(_ plan: Plan, from input: String, layer: String, to output: String) throws(ArchiveError) {
        var writer = try ArchiveWriter(creating: output)
        for document in plan.documents { try writer.add(document.name, document.bytes, seconds: 0, mode: 0o644) }
        var reader = try ArchiveReader(opening: input)
        var rest = plan.copied
        while let member = try reader.nextMember() {
            let name = ImageContents.plain(member.name)
            guard rest.remove(name) != nil else { continue }
            let copy = ArchiveReader.Member(name: name, kind: member.kind, size: member.size)
            try writer.add(copy, of: reader, seconds: 0, mode: 0o644)
        }
        guard rest.isEmpty else { throw .malformed }
        // An image that has this layer already has it once.
        if !plan.copied.contains(plan.layerName) {
            try writer.add(plan.layerName, copying: layer, seconds: 0, mode: 0o644)
        }
        try writer.finish()
        // What ArchiveWriter makes is for its owner alone; an image is no secret.
        chmod(output, 0o644)
    }
}
