// SPDX-License-Identifier: Apache-2.0

internal import Sealing
internal import Storage
internal import VaultModel

/// All that a start needs, read at one point in time, every row checked against its code.
///
/// It holds rows as they are stored, sealed values among them, and no plaintext of a secret.
struct StartSnapshot: Sendable {
    let workspace: WorkspaceID
    /// The workspace's revision that the rows belong to.
    let revision: Int64
    let token: TokenRow
    let agent: AgentRow
    /// Names that a wrapper would refuse and that this agent may receive.
    let allowedNames: [String]
    let receipt: Receipt
    private let items: [Item]
    private let proxied: [ProxiedCredential]
    private let providers: [ProviderAttachmentRow]

    private struct Item: Sendable {
        let entry: EntryRow
        let value: EntryValueRow?
        let owner: OwnerScope
    }

    /// Reads and checks; throws ``VaultError/integrity(entry:)`` for a row that was changed from outside.
    init(digest: [UInt8], connection: any SQLConnection, ring: KeyRing) throws {
        let holder = try GatewayHolder(digest: digest, connection: connection, ring: ring)
        let workspace = holder.workspace
        self.workspace = workspace
        token = holder.token
        agent = holder.agent
        revision = try connection.revision(of: workspace)
        var owners: [UserID: OwnerScope] = [:]
        var proxied: [ProxiedCredential] = []
        let items = try connection.attachedEntries(of: agent.id, in: workspace).compactMap { row -> Item? in
            let owner = try owners[row.entry.ownerID] ?? connection.ownerScope(of: row.entry.ownerID, in: workspace)
            owners[row.entry.ownerID] = owner
            do {
                try row.attachment.verify(with: ring, owner: owner)
                try row.entry.verify(with: ring, owner: owner, readable: row.value?.readable)
            } catch {
                throw VaultError.integrity(entry: row.entry.name.text)
            }
            switch row.attachment.delivery {
            case .environment: return Item(entry: row.entry, value: row.value, owner: owner)
            case .proxy:
                // Its value never reaches the agent.
                proxied.append(try row.entry.proxied(on: connection, owner: owner, ring: ring))
                return nil
            }
        }
        self.items = items
        self.proxied = proxied
        providers = try connection.providerAttachments(of: agent.id, in: workspace)
        for row in providers {
            guard (try? row.verify(with: ring)) != nil else { throw VaultError.integrity(entry: row.provider.text) }
        }
        let versions =
            items.map { ($0.entry.id, Receipt.version(of: $0.entry.version, by: .environment)) }
            + proxied.map { ($0.entry.id, Receipt.version(of: $0.entry.version, by: .proxy)) }
            + providers.compactMap { row in EntryID(row.id.text).map { ($0, Receipt.version(of: 0, by: .proxy)) } }
        receipt = Receipt(Dictionary(versions) { _, last in last })
        let names = agent.allowedNames.split(separator: " ").map(String.init)
        allowedNames = items.map(\.entry.name).filter { $0.isDangerous && names.contains($0.text) }.map(\.text)
    }

    /// Refuses the whole start when the time of an entry is over: half an environment is worse than none.
    func refuseExpired(at time: Timestamp) throws(VaultError) {
        let names = items.filter { $0.entry.hasExpired(at: time) }.map(\.entry.name.text)
        guard names.isEmpty else { throw .expired(entries: names) }
    }

    /// Mints a token for each credential and each provider that goes through the proxy, at the wrapper's own forwarder where it has one, or
    /// else at the address that the operator gave.
    func leases(for request: StartRequest, at address: String?) throws(VaultError) -> [ProxyLease] {
        guard let first = proxied.first?.credential.name ?? providers.first?.provider.text else { return [] }
        let forwarder = request.forwardingPort.map { "http://127.0.0.1:\($0)" }
        guard let address = forwarder ?? address else { throw .noProxyAddress(credential: first) }
        return proxied.map { $0.lease(at: address) } + providers.compactMap { ProxyLease(of: $0.provider, at: address) }
    }

    /// Names whose values are no secrets: variables, and the places of what goes through the proxy.
    func readableNames(_ leases: [ProxyLease]) -> [String] {
        // Neither a value nor a token gives way to a place of the same name.
        let given = Set(items.map(\.entry.name.text) + leases.compactMap(\.variables.first?.name))
        return items.filter { $0.entry.kind == .variable }.map(\.entry.name.text)
            + leases.flatMap { $0.variables.dropFirst() }.map(\.name).filter { !given.contains($0) }
    }

    /// How much memory the stored values take, in bytes.
    var size: Int {
        items.reduce(1_024 + 2_048 * (proxied.count + providers.count)) {
            $0 + 1_024 + ($1.value?.sealed?.count ?? 0) + ($1.value?.readable?.count ?? 0)
        }
    }

    /// Opens every value and writes `NAME=value\0` for each, by name, into memory that is wiped.
    ///
    /// What is attached wins over the base URL that a lease would add under the same name.
    func open(with ring: KeyRing, adding leases: [ProxyLease]) throws(VaultError) -> SharedSecret {
        var variables: [StartVariable] = []
        variables.reserveCapacity(items.count + leases.count * 2)
        for item in items {
            let value = try item.entry.openCheckedValue(item.value, owner: item.owner, ring: ring)
            variables.append(StartVariable(name: item.entry.name.text, value: value))
        }
        if !leases.isEmpty {
            var names = Set(variables.map(\.name))
            // The tokens first: no base URL takes the name of one.
            for position in 0..<2 {
                for lease in leases where position < lease.variables.count {
                    let variable = lease.variables[position]
                    if names.insert(variable.name).inserted { variables.append(variable) }
                }
            }
            variables.sort { $0.name < $1.name }
        }
        let count = variables.reduce(0) { $0 + $1.name.utf8.count + $1.value.bytes.count + 2 }
        return SharedSecret(
            SecretBytes(count: count) { block in
                var rest = block[...]
                for variable in variables {
                    var name = variable.name
                    name.withUTF8 { Self.append(UnsafeRawBufferPointer($0), to: &rest) }
                    Self.append(UInt8(ascii: "="), to: &rest)
                    variable.value.bytes.withBytes { Self.append($0, to: &rest) }
                    Self.append(0, to: &rest)
                }
            }
        )
    }

    private static func append(_ bytes: UnsafeRawBufferPointer, to rest: inout Slice<UnsafeMutableRawBufferPointer>) {
        UnsafeMutableRawBufferPointer(rebasing: rest).copyMemory(from: bytes)
        rest = rest.dropFirst(bytes.count)
    }

    private static func append(_ byte: UInt8, to rest: inout Slice<UnsafeMutableRawBufferPointer>) {
        rest[rest.startIndex] = byte
        rest = rest.dropFirst()
    }
}

extension EntryRow {
    /// The credential that the entry is, checked against its code.
    fileprivate func proxied(
        on connection: any SQLConnection,
        owner: OwnerScope,
        ring: KeyRing
    ) throws -> ProxiedCredential {
        guard let credential = try connection.credential(id, in: workspaceID)?.credential,
            (try? credential.verify(with: ring, owner: owner)) != nil
        else { throw VaultError.integrity(entry: name.text) }
        return ProxiedCredential(entry: self, credential: credential)
    }
}
