// SPDX-License-Identifier: Apache-2.0

internal import Crypto
package import VaultModel

// Codes by HMAC with SHA-256 (RFC 2104): of rows, of the audit trail, of requests.
extension KeyRing {
    private static let codeBytes = 4 + SHA256.byteCount

    /// Makes the code of a row, in the active epoch: epoch u32 ‖ HMAC, 36 bytes.
    ///
    /// With a salt that is not 32 bytes the code verifies nowhere.
    package func rowCode(for row: RowContent, scope: RowScope) -> [UInt8] {
        code(of: row.bytes, under: rowKey(of: scope, in: active), epoch: active.number)
    }

    /// Makes the code of a row that has one more field, `last`.
    package func rowCode(for row: RowContent, adding last: [UInt8], scope: RowScope) -> [UInt8] {
        let code = rowKey(of: scope, in: active).code { hash in
            row.pieces(adding: last) { hash.update(bufferPointer: $0) }
        }
        return Self.bytes(of: code, epoch: active.number)
    }

    /// Checks that `row` is what `code` was made for, in the epoch that the code names.
    package func verify(_ code: [UInt8], of row: RowContent, scope: RowScope) throws(SealingError) {
        guard let number = Self.epoch(of: code) else { throw .rowCodeMismatch }
        let epoch = try keys(of: number)
        if case .owner(let owner) = scope { try owner.checkSalt() }
        if isCode(code, of: row.bytes, under: rowKey(of: scope, in: epoch)) { return }
        guard case .owner(let owner) = scope, let previous = owner.previous,
            isCode(code, of: row.bytes, under: ownerKeys(of: previous, in: epoch).rowCode)
        else { throw .rowCodeMismatch }
    }

    /// Makes the code that chains an audit entry to the one before it.
    ///
    /// `previous` is that one's code, empty for the first. Retired epochs are good for this: the trail keeps the codes
    /// that it was written with.
    package func chainCode(
        chain: String,
        sequence: Int64,
        previous: [UInt8],
        entry: [UInt8],
        epoch: UInt32
    ) throws(SealingError) -> [UInt8] {
        let key = try auditKey(of: epoch)
        return CanonicalLayout.lend(upTo: chain.utf8.count + previous.count + 64) { content in
            content.append(prefixed: "aud/v1")
            content.append(prefixed: chain)
            content.append(sequence)
            content.append(prefixed: previous)
            content.append(UInt32(entry.count))
        } to: { content in
            key.code(of: content, and: entry).withUnsafeBytes { [UInt8]($0) }
        }
    }

    /// Makes the code by which the head of a chain is known, so that a chain cannot be cut short unseen.
    package func headCode(
        chain: String,
        sequence: Int64,
        code: [UInt8],
        epoch: UInt32
    ) throws(SealingError) -> [UInt8] {
        var content = CanonicalBytes(reserving: 128)
        content.append(prefixed: "head/v1")
        content.append(prefixed: chain)
        content.append(sequence)
        content.append(prefixed: code)
        return authenticationCode(of: content.bytes, under: try auditKey(of: epoch))
    }

    /// Makes the fingerprint by which a repeated request is known: epoch u32 ‖ HMAC, 36 bytes.
    ///
    /// Keyed, since a request may hold a value that can be guessed.
    package func requestFingerprint(_ bytes: [UInt8], workspace: WorkspaceID) -> [UInt8] {
        code(of: Self.requestContent(bytes, workspace), under: active.request, epoch: active.number)
    }

    /// Whether `fingerprint` is that of the request, also when it was made in an earlier epoch, a retired one included:
    /// it cannot be made anew, since the request is not kept.
    package func isFingerprint(_ fingerprint: [UInt8], of bytes: [UInt8], workspace: WorkspaceID) -> Bool {
        guard let number = Self.epoch(of: fingerprint), let epoch = allKeys.first(where: { $0.number == number })
        else { return false }
        return isCode(fingerprint, of: Self.requestContent(bytes, workspace), under: epoch.request)
    }

    private func rowKey(of scope: RowScope, in epoch: EpochKeys) -> KeyedHash {
        switch scope {
        case .owner(let owner): ownerKeys(of: owner, in: epoch).rowCode
        case .system: epoch.rowCode
        }
    }

    private func auditKey(of epoch: UInt32) throws(SealingError) -> KeyedHash {
        if epoch == active.number { return active.audit }
        guard let keys = allKeys.first(where: { $0.number == epoch }) else { throw .unknownEpoch(epoch) }
        return keys.audit
    }

    private static func requestContent(_ bytes: [UInt8], _ workspace: WorkspaceID) -> [UInt8] {
        var content = CanonicalBytes(reserving: 64 + bytes.count)
        content.append(prefixed: workspace.text)
        content.append(prefixed: bytes)
        return content.bytes
    }

    static func epoch(of code: [UInt8]) -> UInt32? {
        guard code.count == codeBytes else { return nil }
        return code.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    private func code(of content: [UInt8], under key: KeyedHash, epoch: UInt32) -> [UInt8] {
        Self.bytes(of: key.code(of: content), epoch: epoch)
    }

    private static func bytes(of code: SHA256Digest, epoch: UInt32) -> [UInt8] {
        var bytes = CanonicalBytes(reserving: codeBytes)
        bytes.append(epoch)
        code.withUnsafeBytes { bytes.append(fixed: $0) }
        return bytes.bytes
    }

    private func isCode(_ code: [UInt8], of content: [UInt8], under key: KeyedHash) -> Bool {
        key.isCode(code.dropFirst(4), of: content)
    }

    private func authenticationCode(of content: [UInt8], under key: KeyedHash) -> [UInt8] {
        key.code(of: content).withUnsafeBytes { [UInt8]($0) }
    }
}
