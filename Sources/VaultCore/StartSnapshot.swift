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
        let items = try connection.attachedEntries(of: agent.id, in: workspace).compactMap { row -> Item? in
            let owner = try owners[row.entry.ownerID] ?? connection.ownerScope(of: row.entry.ownerID, in: workspace)
            owners[row.entry.ownerID] = owner
            do {
                try row.attachment.verify(with: ring, owner: owner)
                try row.entry.verify(with: ring, owner: owner, readable: row.value?.readable)
            } catch {
                throw VaultError.integrity(entry: row.entry.name.text)
            }
            // What goes through the proxy never reaches the agent.
            guard row.attachment.delivery == .environment else { return nil }
            return Item(entry: row.entry, value: row.value, owner: owner)
        }
        self.items = items
        receipt = Receipt(Dictionary(items.map { ($0.entry.id, $0.entry.version) }) { _, last in last })
        let names = agent.allowedNames.split(separator: " ").map(String.init)
        allowedNames = items.map(\.entry.name).filter { $0.isDangerous && names.contains($0.text) }.map(\.text)
    }

    /// Refuses the whole start when the time of an entry is over: half an environment is worse than none.
    func refuseExpired(at time: Timestamp) throws(VaultError) {
        let names = items.filter { $0.entry.hasExpired(at: time) }.map(\.entry.name.text)
        guard names.isEmpty else { throw .expired(entries: names) }
    }

    /// How much memory the stored values take, in bytes.
    var size: Int {
        items.reduce(1_024) { $0 + 1_024 + ($1.value?.sealed?.count ?? 0) + ($1.value?.readable?.count ?? 0) }
    }

    /// Opens every value and writes `NAME=value\0` for each, by name, into memory that is wiped.
    func open(with ring: KeyRing) throws(VaultError) -> SharedSecret {
        var values: [SharedSecret] = []
        values.reserveCapacity(items.count)
        var count = 0
        for item in items {
            let value = try item.entry.openCheckedValue(item.value, owner: item.owner, ring: ring)
            count += item.entry.name.text.utf8.count + value.bytes.count + 2
            values.append(value)
        }
        return SharedSecret(
            SecretBytes(count: count) { block in
                var rest = block[...]
                for (item, value) in zip(items, values) {
                    var name = item.entry.name.text
                    name.withUTF8 { Self.append(UnsafeRawBufferPointer($0), to: &rest) }
                    Self.append(UInt8(ascii: "="), to: &rest)
                    value.bytes.withBytes { Self.append($0, to: &rest) }
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
