// SPDX-License-Identifier: Apache-2.0

package import APIClient
internal import APITypes
internal import FoundationEssentials
internal import Glibc

/// The volumes that docker knows of, and those that are mounted.
///
/// The list is kept in a file, pointers only, so that it outlives the plugin; the values are in memory alone and are gone
/// with the machine.
package actor SecretVolumes {
    private let folder: String
    private let file: String
    private let server: APIClient
    private let explain: @Sendable (any Error) -> String
    private var volumes: [String: SecretVolume] = [:]
    /// What was current when a folder was filled.
    private var filled: [String: [String]] = [:]

    package init(
        folder: String,
        file: String,
        server: APIClient,
        explain: @escaping @Sendable (any Error) -> String
    ) throws(SecretVolumeError) {
        self.folder = folder
        self.file = file
        self.server = server
        self.explain = explain
        guard access(file, F_OK) == 0 else { return }
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: file)),
            let read = try? JSONDecoder().decode([SecretVolume].self, from: data)
        else { throw .refused("\(file) cannot be read") }
        for var volume in read {
            // After a reboot nothing is mounted, whatever was.
            if !Self.place(of: volume, in: folder).isMounted { volume.mounts = [] }
            volumes[volume.name] = volume
        }
    }

    // MARK: - What docker asks for

    func create(_ name: String, options: [String: String]) async throws(SecretVolumeError) {
        let volume = try SecretVolume(name: name, options: options)
        if let present = volumes[name] {
            // docker repeats itself; another volume of that name is another matter.
            guard present.agent == volume.agent, present.only == volume.only, present.uid == volume.uid,
                present.gid == volume.gid
            else { throw .refused("there is a volume \(name) with other options") }
            return
        }
        do {
            _ = try await server.agent(volume.agent)
        } catch {
            throw .refused(explain(error))
        }
        volumes[name] = volume
        try save()
    }

    func remove(_ name: String) throws(SecretVolumeError) {
        let volume = try volume(name)
        guard volume.mounts.isEmpty else { throw .refused("the volume \(name) is in use") }
        volumes[name] = nil
        try save()
    }

    /// Mounts the volume for `id` with the values that are current, and returns where.
    func mount(_ name: String, for id: String) async throws(SecretVolumeError) -> String {
        var volume = try volume(name)
        let place = place(of: volume)
        if volume.mounts.isEmpty || !place.isMounted {
            let (values, versions) = try await current(volume, isWhole: true)
            try place.mount()
            do {
                try place.fill(values, volume.has)
            } catch {
                place.unmount()
                throw error
            }
            filled[name] = versions
            // Somebody else may have mounted it meanwhile.
            volume = try self.volume(name)
        }
        if !volume.mounts.contains(id) { volume.mounts.append(id) }
        volumes[name] = volume
        try save()
        return place.path
    }

    func unmount(_ name: String, for id: String) throws(SecretVolumeError) {
        var volume = try volume(name)
        volume.mounts.removeAll { $0 == id }
        volumes[name] = volume
        if volume.mounts.isEmpty {
            place(of: volume).unmount()
            filled[name] = nil
        }
        try save()
    }

    func body(of name: String) throws(SecretVolumeError) -> VolumeBody { body(of: try volume(name)) }

    var bodies: [VolumeBody] { volumes.values.sorted { $0.name < $1.name }.map { body(of: $0) } }

    // MARK: - Changes

    /// Brings every mounted volume up to date; returns what went wrong, a line each.
    ///
    /// An agent that is gone has no values, so its files go; a server that does not answer leaves them as they are.
    func refresh() async -> [String] {
        var problems: [String] = []
        for volume in volumes.values where !volume.mounts.isEmpty {
            do {
                let attached: [AttachedSecretBody]
                do {
                    attached = try await server.attachedSecrets(of: volume.agent).secrets
                } catch .answer(let body) where body.code == .notFound {
                    attached = []
                } catch {
                    continue
                }
                let versions = Self.versions(attached)
                guard filled[volume.name] != versions, volumes[volume.name]?.mounts.isEmpty == false else { continue }
                let (values, current) =
                    versions.isEmpty ? (AgentValues.none, []) : try await self.current(volume, isWhole: false)
                guard volumes[volume.name]?.mounts.isEmpty == false else { continue }
                try place(of: volume).fill(values, volume.has)
                filled[volume.name] = current
            } catch {
                if case .refused(let text) = error { problems.append("volume \(volume.name): \(text)") }
            }
        }
        return problems
    }

    /// What the agent has; with `isWhole` it is an error where something is lacking that the volume is to have.
    private func current(
        _ volume: SecretVolume,
        isWhole: Bool
    ) async throws(SecretVolumeError) -> (AgentValues, [String]) {
        let attached: [AttachedSecretBody]
        let values: AgentValues
        do {
            // The versions first: what changes in between is seen as a change the next time.
            attached = try await server.attachedSecrets(of: volume.agent).secrets
            values = try await AgentValues(of: volume.agent, for: "docker", from: server)
        } catch {
            throw .refused(explain(error))
        }
        let names = Set(values.names)
        if isWhole, let missing = volume.only?.first(where: { !names.contains($0) }) {
            throw .refused("\(missing) is not attached to the agent \(volume.agent)")
        }
        return (values, Self.versions(attached))
    }

    private static func versions(_ attached: [AttachedSecretBody]) -> [String] {
        attached.filter { $0.attachedAt != nil }.map { "\($0.id) \($0.name) \($0.version)" }.sorted()
    }

    // MARK: - Places

    private func volume(_ name: String) throws(SecretVolumeError) -> SecretVolume {
        guard let volume = volumes[name] else { throw .refused("there is no volume \(name)") }
        return volume
    }

    private func place(of volume: SecretVolume) -> VolumeFolder { Self.place(of: volume, in: folder) }

    private static func place(of volume: SecretVolume, in folder: String) -> VolumeFolder {
        VolumeFolder(path: "\(folder)/\(volume.name)", uid: volume.uid, gid: volume.gid)
    }

    private func body(of volume: SecretVolume) -> VolumeBody {
        VolumeBody(
            name: volume.name,
            mountpoint: volume.mounts.isEmpty ? "" : place(of: volume).path,
            status: ["agent": volume.agent]
        )
    }

    private func save() throws(SecretVolumeError) {
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(volumes.values.sorted { $0.name < $1.name })
            try data.write(to: URL(fileURLWithPath: file), options: .atomic)
        } catch {
            throw .refused("\(file) cannot be written")
        }
    }
}
