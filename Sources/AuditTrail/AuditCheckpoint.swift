// SPDX-License-Identifier: Apache-2.0

package import Sealing
package import VaultModel

/// A signed statement of where an audit chain was at some time.
///
/// Kept outside of the database, in a log or a backup, it shows what the chain alone cannot: that the database was put
/// back to an earlier state, or replaced by one that somebody else continued. `docs/formats/audit-entry.md` draws it.
package struct AuditCheckpoint: Hashable, Sendable {
    /// What every text form begins with, so that checkpoints are found in any log.
    package static let prefix = "atc1."
    private static let version: UInt8 = 1

    package let chain: String
    /// The number of the last entry that it covers.
    package let sequence: Int64
    package let at: Timestamp
    /// The epoch whose checkpoint key signed it.
    package let epoch: UInt32
    /// The chain value of that entry.
    package let code: [UInt8]
    /// The ``EntryDigest`` of all entries up to that one, which needs no key to be computed.
    package let digest: [UInt8]
    package let signature: [UInt8]

    /// Signs where `chain` is now.
    package static func sign(
        chain: String,
        sequence: Int64,
        at time: Timestamp,
        code: [UInt8],
        digest: EntryDigest,
        ring: KeyRing
    ) throws(AuditError) -> AuditCheckpoint {
        let epoch = ring.activeEpoch
        let content = content(
            chain: chain,
            sequence: sequence,
            at: time,
            epoch: epoch,
            code: code,
            digest: digest.bytes
        )
        do {
            return AuditCheckpoint(
                chain: chain,
                sequence: sequence,
                at: time,
                epoch: epoch,
                code: code,
                digest: digest.bytes,
                signature: try ring.checkpointSignature(of: content)
            )
        } catch {
            throw .unknownEpoch(epoch, sequence: sequence)
        }
    }

    /// Checks the signature against the key of the epoch that the checkpoint names.
    package func verify(with ring: KeyRing) throws(AuditError) {
        guard let key = try? ring.checkpointPublicKey(epoch: epoch) else {
            throw .unknownEpoch(epoch, sequence: sequence)
        }
        guard isSigned(by: key) else { throw .checkpointDamaged(sequence: sequence) }
    }

    package func isSigned(by publicKey: [UInt8]) -> Bool {
        isCheckpointSignature(signature, of: content, by: publicKey)
    }

    private var content: [UInt8] {
        Self.content(chain: chain, sequence: sequence, at: at, epoch: epoch, code: code, digest: digest)
    }

    private static func content(
        chain: String,
        sequence: Int64,
        at time: Timestamp,
        epoch: UInt32,
        code: [UInt8],
        digest: [UInt8]
    ) -> [UInt8] {
        var bytes = CanonicalBytes(reserving: 160)
        bytes.append(prefixed: "checkpoint/v1")
        bytes.append(prefixed: chain)
        bytes.append(sequence)
        bytes.append(time.milliseconds)
        bytes.append(epoch)
        bytes.append(prefixed: code)
        bytes.append(prefixed: digest)
        return bytes.bytes
    }
}

// MARK: - Stored and text form

extension AuditCheckpoint {
    package func encoded() -> [UInt8] {
        var bytes = CanonicalBytes(reserving: 240)
        bytes.append(byte: Self.version)
        bytes.append(prefixed: chain)
        bytes.append(sequence)
        bytes.append(at.milliseconds)
        bytes.append(epoch)
        bytes.append(prefixed: code)
        bytes.append(prefixed: digest)
        bytes.append(prefixed: signature)
        return bytes.bytes
    }

    /// Reads the stored form; nil for anything that ``encoded()`` does not give.
    package init?(decoding bytes: [UInt8]) {
        let read: AuditCheckpoint? = bytes.span.withUnsafeBytes { bytes in
            var reader = CanonicalReader(bytes)
            guard reader.integer(UInt8.self) == Self.version, let chain = reader.text(),
                let sequence = reader.integer(Int64.self), let at = reader.integer(Int64.self),
                let epoch = reader.integer(UInt32.self), let code = reader.prefixed(),
                let digest = reader.prefixed(), let signature = reader.prefixed(), reader.isAtEnd,
                chain.utf8.count <= AuditRecord.maximumTextBytes, sequence >= 1, code.count == 32,
                digest.count == 32, signature.count == KeyRing.signatureBytes
            else { return nil }
            return AuditCheckpoint(
                chain: chain,
                sequence: sequence,
                at: Timestamp(milliseconds: at),
                epoch: epoch,
                code: [UInt8](code),
                digest: [UInt8](digest),
                signature: [UInt8](signature)
            )
        }
        guard let read else { return nil }
        self = read
    }

    /// The form for logs and files: the prefix, then the stored form in base64url without padding (RFC 4648 §5).
    package var text: String { Self.prefix + base64URL(encoded()) }

    package init?(text: some StringProtocol) {
        guard text.hasPrefix(Self.prefix), text.utf8.count <= 1_024,
            let bytes = bytes(ofBase64URL: text.dropFirst(Self.prefix.count))
        else { return nil }
        self.init(decoding: bytes)
    }
}

/// A digest of a chain's entries, link by link, that anybody can compute from an export.
package struct EntryDigest: Hashable, Sendable {
    /// 32 bytes; of no entries, zeros.
    package private(set) var bytes: [UInt8]

    package init() { bytes = [UInt8](repeating: 0, count: 32) }

    package init(of checkpoint: AuditCheckpoint) { bytes = checkpoint.digest }

    /// One that was kept; nil where it has another length.
    package init?(_ kept: [UInt8]) {
        guard kept.count == 32 else { return nil }
        bytes = kept
    }

    package mutating func add(_ entry: [UInt8], sequence: Int64) {
        bytes = sha256("entries/v1", after: bytes, sequence, entry)
    }
}

// MARK: - base64url

private let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

private func base64URL(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = bytes[start..<min(start + 3, bytes.count)]
        var word: UInt32 = 0
        for byte in group { word = word << 8 | UInt32(byte) }
        word <<= UInt32(8 * (3 - group.count))
        for digit in 0...group.count { text.append(base64Digits[Int(word >> UInt32(18 - 6 * digit) & 63)]) }
    }
    return String(decoding: text, as: UTF8.self)
}

/// The bytes; nil where any other text would stand for the same ones.
private func bytes(ofBase64URL text: some StringProtocol) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: digits.count, by: 4) {
        let group = digits[start..<min(start + 4, digits.count)]
        var word: UInt32 = 0
        for digit in group {
            guard let value = base64Digits.firstIndex(of: digit) else { return nil }
            word = word << 6 | UInt32(value)
        }
        word <<= UInt32(6 * (4 - group.count))
        for index in 0..<(group.count - 1) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt32(16 - 8 * index))) }
    }
    return base64URL(bytes).utf8.elementsEqual(digits) ? bytes : nil
}
