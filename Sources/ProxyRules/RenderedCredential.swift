// SPDX-License-Identifier: Apache-2.0

internal import Synchronization
package import VaultModel

/// A credential in the bytes of a request of HTTP/1.1: header lines, or the end of the query.
///
/// Wiped when it goes away. The names are not secret; the bytes go to the target's connection and nowhere else.
package final class RenderedCredential: Sendable {
    /// The header fields that it sets.
    package let fieldNames: [String]
    /// `Name: value\r\n` for each; empty for a query parameter.
    package let headerLines: SecretBytes
    /// `name=value`, percent-encoded; empty for header fields.
    package let queryPair: SecretBytes
    /// What must not come back, each part by itself.
    package let needles: [SharedSecret]
    /// What the scrubber of each answer begins as, with the states that earlier answers led to.
    private let scrubber = Mutex<ResponseScrubber?>(nil)

    /// More states than ordinary answers lead to; what has more is not kept.
    private static let mostStates = 256

    /// Renders a value that ``CredentialValue/checked(_:for:)`` returned.
    package init(_ value: borrowing SecretBytes, as presentation: Presentation) throws(PresentationError) {
        var names: [String] = []
        var lines: [UInt8] = []
        var query: [UInt8] = []
        var needles: [SharedSecret] = []
        // No array here outlives this function, and each is wiped.
        defer {
            CredentialValue.wipe(&lines)
            CredentialValue.wipe(&query)
        }
        try value.withBytes { value throws(PresentationError) in
            func add(_ name: String, _ prefix: String, _ bytes: some Collection<UInt8>) {
                names.append(name)
                // Room at once: an array that grows leaves copies behind.
                lines.reserveCapacity(lines.count + value.count * 2 + 256)
                lines += name.utf8
                lines += ": ".utf8
                lines += prefix.utf8
                lines += bytes
                lines += "\r\n".utf8
            }
            switch presentation.scheme {
            case .apiKey:
                add("authorization", "Bearer ", value)
                needles = [SharedSecret(copying: value)]
            case .cookie:
                add("cookie", "", value)
                needles = Self.cookieNeedles(value)
            case .basicAuth:
                guard let colon = value.firstIndex(of: UInt8(ascii: ":")) else { throw .noColon }
                var encoded = Base64Text.encoded(value)
                add("authorization", "Basic ", encoded)
                CredentialValue.wipe(&encoded)
                let password = value[(colon + 1)...]
                needles = [SharedSecret(copying: value)]
                needles.append(SharedSecret(copying: password.isEmpty ? value[..<colon] : password))
            case .customHeader:
                if let header = presentation.header {
                    add(header, presentation.prefix, value)
                    needles = [SharedSecret(copying: value)]
                } else {
                    for line in value[...].split(separator: UInt8(ascii: "\n")) {
                        guard let (name, field) = CredentialValue.field(line) else { throw .invalidLines }
                        add(name, "", field)
                        needles.append(SharedSecret(copying: field))
                    }
                }
            case .queryParameter:
                guard let parameter = presentation.parameter else { throw .missingParameter }
                query.reserveCapacity(parameter.utf8.count + 1 + value.count * 3)
                query += parameter.utf8
                query.append(UInt8(ascii: "="))
                for byte in value { Self.appendEscaped(byte, to: &query) }
                needles = [SharedSecret(copying: value)]
            }
        }
        fieldNames = names
        headerLines = SecretBytes(copying: lines)
        queryPair = SecretBytes(copying: query)
        self.needles = needles.filter { $0.bytes.count >= CredentialValue.minimumSecretBytes }
    }

    /// A scrubber for one answer.
    ///
    /// Answers that are under way at once share their states in memory until one of them is led to a new one.
    package func takeScrubber() -> ResponseScrubber {
        scrubber.withLock { kept in
            if let kept { return kept }
            let fresh = ResponseScrubber(needles)
            kept = fresh
            return fresh
        }
    }

    /// Keeps the states that an answer led a scrubber to, for the answers that follow.
    package func learn(from used: ResponseScrubber) {
        guard used.stateCount <= Self.mostStates else { return }
        scrubber.withLock { kept in
            if (kept?.stateCount ?? 0) < used.stateCount { kept = used.anew }
        }
    }

    /// The query that goes out: without any parameter that the credential sets, whatever its spelling.
    package static func query(_ query: String?, without parameter: String?) -> String? {
        guard let query, let parameter else { return query }
        let name = Array(parameter.utf8).map(lowercased)
        let kept = query.split(separator: "&", omittingEmptySubsequences: false).filter { pair in
            // `;` separated parameters once, and still does for some servers.
            pair.split(separator: ";").allSatisfy { part in
                let raw = Array(part.prefix { $0 != "=" }.replacing("+", with: " ").utf8)
                return percentDecoded(raw[...])?.map(lowercased) != name
            }
        }
        return kept.isEmpty ? nil : kept.joined(separator: "&")
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    private static func appendEscaped(_ byte: UInt8, to query: inout [UInt8]) {
        guard !Presentation.isUnreserved(byte) else { return query.append(byte) }
        let digits = Array("0123456789ABCDEF".utf8)
        query.append(UInt8(ascii: "%"))
        query.append(digits[Int(byte >> 4)])
        query.append(digits[Int(byte & 15)])
    }

    /// The whole, and the value of each cookie by itself.
    private static func cookieNeedles(_ value: UnsafeRawBufferPointer) -> [SharedSecret] {
        [SharedSecret(copying: value)]
            + value[...].split(separator: UInt8(ascii: ";")).compactMap { pair in
                guard let equals = pair.firstIndex(of: UInt8(ascii: "=")) else { return nil }
                return SharedSecret(copying: pair[(equals + 1)...])
            }
    }
}

/// Base64 with padding (RFC 4648 §4).
enum Base64Text {
    static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encoded(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var group: UInt32 = 0
        var held = 0
        for byte in bytes {
            group = group << 8 | UInt32(byte)
            held += 1
            guard held == 3 else { continue }
            for shift in [18, 12, 6, 0] as [UInt32] { text.append(standard[Int(group >> shift & 63)]) }
            (group, held) = (0, 0)
        }
        if held == 1 {
            text += [standard[Int(group >> 2 & 63)], standard[Int(group << 4 & 63)], 0x3D, 0x3D]
        } else if held == 2 {
            text += [standard[Int(group >> 10 & 63)], standard[Int(group >> 4 & 63)]]
            text += [standard[Int(group << 2 & 63)], 0x3D]
        }
        return text
    }
}
