// SPDX-License-Identifier: Apache-2.0

/// Puts the wrapper into an image: into its configuration, and into the documents that lead to it.
///
/// OCI image specification 1.1, and docker's own form of the same. Whatever is not named here stays byte for byte.
package struct ImageEdit: Equatable, Sendable {
    /// Where the wrapper is in the image.
    package static let wrapperPath = ContainerParts.wrapper

    /// What the image's process finds where the image and the engine set nothing else, in this order.
    package var variables: [Variable]
    /// The agent that the image is for; a label says so.
    package var agent: String?
    /// `sha256:` and the digest of the layer that holds the wrapper.
    package var layer: String

    package struct Variable: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package init(variables: [Variable], agent: String?, layer: String) {
        self.variables = variables
        self.agent = agent
        self.layer = layer
    }

    // MARK: - The configuration

    /// What has to be known of a configuration before it is changed.
    package struct Configuration: Equatable, Sendable {
        package let architecture: String
        /// The digests of its layers, unpacked, lowest first.
        package let layers: [String]
        /// What is started before the wrapper is in front of it.
        package let entrypoint: [String]

        package init(_ bytes: [UInt8]) throws(ContainerEditError) {
            let text = try JSONText(bytes)
            guard try text.string(text.member("os", of: text.root)) == "linux" else { throw .notLinux }
            guard let architecture = try text.string(text.member("architecture", of: text.root)) else {
                throw .unexpectedForm("architecture")
            }
            let files = try text.member("rootfs", of: text.root)
            guard let layers = try text.strings(text.member("diff_ids", of: files)) else {
                throw .unexpectedForm("rootfs.diff_ids")
            }
            self.architecture = architecture
            self.layers = layers
            entrypoint = try Self.entrypoint(text)
        }

        fileprivate static func entrypoint(_ text: JSONText) throws(ContainerEditError) -> [String] {
            let settings = try text.member("config", of: text.root)
            guard let node = try text.member("Entrypoint", of: settings) else { return [] }
            guard let entrypoint = text.strings(node) else { throw .unexpectedForm("config.Entrypoint") }
            return entrypoint
        }
    }

    /// An image's configuration with the wrapper in front of its entrypoint.
    package func configuration(_ bytes: [UInt8]) throws(ContainerEditError) -> [UInt8] {
        let text = try JSONText(bytes)
        let entrypoint = try Configuration.entrypoint(text)
        guard entrypoint.first != Self.wrapperPath else { throw .alreadyWrapped }
        var edits = TextEdits(text)
        let wrapped = JSONLine.array([Self.wrapperPath, "--"] + entrypoint)
        if let settings = try text.member("config", of: text.root) {
            guard settings.isObject else { throw .unexpectedForm("config") }
            try edits.set("Entrypoint", wrapped, of: settings)
            let present = try names(text, in: settings)
            let added = variables.filter { !present.contains($0.name) }.map { jsonString("\($0.name)=\($0.value)") }
            try edits.append(added, toMember: "Env", of: settings)
            if let agent {
                let label = (ContainerNaming.agentAnnotation, jsonString(agent))
                if let labels = try text.member("Labels", of: settings) {
                    guard labels.isObject else { throw .unexpectedForm("config.Labels") }
                    try edits.set(label.0, label.1, of: labels)
                } else {
                    try edits.set("Labels", JSONLine.object([label]), of: settings)
                }
            }
        } else {
            var members = [
                ("Entrypoint", wrapped), ("Env", JSONLine.array(variables.map { "\($0.name)=\($0.value)" })),
            ]
            if let agent {
                members.append(("Labels", JSONLine.object([(ContainerNaming.agentAnnotation, jsonString(agent))])))
            }
            try edits.set("config", JSONLine.object(members), of: text.root)
        }
        guard let files = try text.member("rootfs", of: text.root), files.isObject else {
            throw .unexpectedForm("rootfs")
        }
        try edits.append([jsonString(layer)], toMember: "diff_ids", of: files)
        if try text.member("history", of: text.root) != nil {
            let step = JSONLine.object([("created_by", jsonString("attache image wrap"))])
            try edits.append([step], toMember: "history", of: text.root)
        }
        return edits.applied()
    }

    private func names(_ text: JSONText, in settings: JSONNode) throws(ContainerEditError) -> Set<String> {
        guard let node = try text.member("Env", of: settings) else { return [] }
        guard let variables = text.strings(node) else { throw .unexpectedForm("config.Env") }
        return Set(variables.map { String($0.prefix { $0 != "=" }) })
    }

    // MARK: - What leads to it

    /// A document of an image, as another one refers to it.
    package struct Descriptor: Equatable, Sendable {
        package let mediaType: String
        /// `sha256:` and 64 digits.
        package let digest: String
        package let size: Int64

        package init(mediaType: String, digest: String, size: Int64) {
            self.mediaType = mediaType
            self.digest = digest
            self.size = size
        }

        fileprivate init(_ text: JSONText, _ node: JSONNode?) throws(ContainerEditError) {
            guard let mediaType = try text.string(text.member("mediaType", of: node)),
                let digest = try text.string(text.member("digest", of: node)),
                let size = try text.integer(text.member("size", of: node)), size >= 0
            else { throw .unexpectedForm("descriptor") }
            self.init(mediaType: mediaType, digest: digest, size: Int64(size))
        }

        fileprivate var json: [UInt8] {
            JSONLine.object([
                ("mediaType", jsonString(mediaType)), ("digest", jsonString(digest)),
                ("size", Array(String(size).utf8)),
            ])
        }
    }

    private static let manifests = [
        "application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json",
    ]
    /// What a layer that is a plain tar archive is called, by what the configuration is called.
    private static let layers = [
        "application/vnd.oci.image.config.v1+json": "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.docker.container.image.v1+json": "application/vnd.docker.image.rootfs.diff.tar",
    ]

    /// The one image that an index leads to.
    package static func manifest(ofIndex bytes: [UInt8]) throws(ContainerEditError) -> Descriptor {
        let text = try JSONText(bytes)
        guard let list = try text.member("manifests", of: text.root)?.elements else {
            throw .unexpectedForm("manifests")
        }
        guard list.count == 1 else { throw .severalImages }
        let descriptor = try Descriptor(text, list[0])
        guard manifests.contains(descriptor.mediaType) else { throw .severalImages }
        return descriptor
    }

    /// What a manifest is made of: configuration and layers.
    package static func parts(
        ofManifest bytes: [UInt8]
    ) throws(ContainerEditError) -> (configuration: Descriptor, layers: [Descriptor]) {
        let text = try JSONText(bytes)
        guard let list = try text.member("layers", of: text.root)?.elements else { throw .unexpectedForm("layers") }
        var layers: [Descriptor] = []
        for node in list { layers.append(try Descriptor(text, node)) }
        return (try Descriptor(text, text.member("config", of: text.root)), layers)
    }

    /// A manifest with another configuration and one layer more.
    package func manifest(
        _ bytes: [UInt8],
        configuration: (digest: String, size: Int64),
        layerSize: Int64
    ) throws(ContainerEditError) -> [UInt8] {
        let text = try JSONText(bytes)
        var edits = TextEdits(text)
        let node = try text.member("config", of: text.root)
        let old = try Descriptor(text, node)
        guard let layerType = Self.layers[old.mediaType] else { throw .unexpectedForm("config.mediaType") }
        try edits.point(node, to: configuration, in: text)
        let added = Descriptor(mediaType: layerType, digest: layer, size: layerSize)
        try edits.append([added.json], toMember: "layers", of: text.root)
        return edits.applied()
    }

    private static let names = ["org.opencontainers.image.ref.name", "io.containerd.image.name"]

    /// An index that leads to another manifest, by another name where one is given.
    package static func index(
        _ bytes: [UInt8],
        manifest: (digest: String, size: Int64),
        name: String?
    ) throws(ContainerEditError) -> [UInt8] {
        let text = try JSONText(bytes)
        var edits = TextEdits(text)
        guard let entry = try text.member("manifests", of: text.root)?.elements?.first else { throw .severalImages }
        try edits.point(entry, to: manifest, in: text)
        if let name {
            if let annotations = try text.member("annotations", of: entry) {
                guard annotations.isObject else { throw .unexpectedForm("annotations") }
                try edits.set(names[0], jsonString(name), of: annotations)
                if try text.member(names[1], of: annotations) != nil {
                    try edits.set(names[1], jsonString(name), of: annotations)
                }
            } else {
                try edits.set("annotations", JSONLine.object([(names[0], jsonString(name))]), of: entry)
            }
        }
        return edits.applied()
    }

    /// The one image of `manifest.json`, docker's own list.
    package struct DockerImage: Equatable, Sendable {
        package var configuration: String
        package var names: [String]
        package var layers: [String]

        package init(configuration: String, names: [String], layers: [String]) {
            self.configuration = configuration
            self.names = names
            self.layers = layers
        }

        package init(list bytes: [UInt8]) throws(ContainerEditError) {
            let text = try JSONText(bytes)
            guard let images = text.root.elements else { throw .unexpectedForm("manifest.json") }
            guard images.count == 1 else { throw .severalImages }
            guard let configuration = try text.string(text.member("Config", of: images[0])),
                let layers = try text.strings(text.member("Layers", of: images[0]))
            else { throw .unexpectedForm("manifest.json") }
            let tags = try text.member("RepoTags", of: images[0])
            guard let names = tags == nil ? [] : text.strings(tags) else { throw .unexpectedForm("RepoTags") }
            self.init(configuration: configuration, names: names, layers: layers)
        }

        /// The list with this image alone.
        package var list: [UInt8] {
            JSONLine.list([
                JSONLine.object([
                    ("Config", jsonString(configuration)), ("RepoTags", JSONLine.array(names)),
                    ("Layers", JSONLine.array(layers)),
                ])
            ])
        }
    }
}

extension TextEdits {
    /// Gives `object` a member, in the place of the one that it has.
    fileprivate mutating func set(_ name: String, _ value: [UInt8], of object: JSONNode) throws(ContainerEditError) {
        if let old = try member(name, of: object) {
            replace(old, with: value)
        } else {
            addMember(name, value, to: object)
        }
    }

    /// Makes a descriptor one of another document of the same kind.
    fileprivate mutating func point(
        _ descriptor: JSONNode?,
        to document: (digest: String, size: Int64),
        in text: JSONText
    ) throws(ContainerEditError) {
        guard let digest = try text.member("digest", of: descriptor), let size = try text.member("size", of: descriptor)
        else { throw .unexpectedForm("descriptor") }
        replace(digest, with: jsonString(document.digest))
        replace(size, with: Array(String(document.size).utf8))
    }
}
