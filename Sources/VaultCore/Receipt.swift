// SPDX-License-Identifier: Apache-2.0

internal import VaultModel

/// What an instance was given: the version of each entry.
///
/// Stored as one line of ASCII an entry, sorted by id: the id, a blank, the version in decimal, a line feed.
/// `docs/formats/receipt.md` draws it.
struct Receipt: Equatable, Sendable {
    private(set) var versions: [EntryID: Int64]

    /// What a receipt says of an entry: its version, or 0 where the instance got a token for the proxy, which takes the
    /// current version for every request.
    static func version(of version: Int64, by delivery: Delivery) -> Int64 {
        switch delivery {
        case .environment: version
        case .proxy: 0
        }
    }

    init(_ versions: [EntryID: Int64]) {
        self.versions = versions
    }

    /// Reads the stored form; nil when it is not one.
    init?(decoding bytes: [UInt8]) {
        versions = [:]
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        for line in text.split(separator: "\n", omittingEmptySubsequences: true) {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 2, let id = EntryID(parts[0]), let version = Int64(parts[1]) else { return nil }
            versions[id] = version
        }
    }

    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(versions.count * 42)
        for (id, version) in versions.sorted(by: { $0.key < $1.key }) {
            bytes.append(contentsOf: "\(id.text) \(version)\n".utf8)
        }
        return bytes
    }
}
