// SPDX-License-Identifier: Apache-2.0

package import HTTPTypes

/// Which header fields pass between an agent and a target, in each direction.
///
/// Names are compared without case and with `_` as `-`: many servers read both as the same field.
package enum HeaderRules {
    /// The fields of an agent's request that go on to the target.
    ///
    /// Never: what authenticates, by whatever name; cookies; what concerns one connection, and what `Connection` names
    /// (RFC 9110 §7.6.1); what tells where the request came from; what would change the answer's encoding or cut it into
    /// parts, since the credential could be hidden from the scrubber in it; the broker's own fields; the fields in
    /// `injected`; and any field that holds one of the vault's own tokens, in its name too. `Host` and the framing are the caller's.
    package static func forwarded(_ fields: HTTPFields, injected: [String]) -> [HTTPField] {
        var forwarded: [HTTPField] = []
        forEachForwarded(fields, injected: injected) { forwarded.append($0) }
        return forwarded
    }

    /// Lends ``forwarded(_:injected:)`` field by field.
    package static func forEachForwarded(
        _ fields: HTTPFields,
        injected: [String],
        _ body: (HTTPField) -> Void
    ) {
        let nominated = nominated(by: fields)
        for field in fields {
            let name = folded(field.name.canonicalName)
            if agentOnly.contains(name) || isBetweenNeighbors(name) || tellsOrigin(name) { continue }
            if !nominated.isEmpty, nominated.contains(name) { continue }
            if injected.contains(where: { folded($0) == name }) { continue }
            if !holdsToken(field.value), !holdsToken(field.name.canonicalName) { body(field) }
        }
    }

    /// Whether a name says that the field is a proxy's, by its first byte first: this runs for every field of every message.
    private static func isBetweenNeighbors(_ name: String) -> Bool {
        switch name.utf8.first {
        case UInt8(ascii: "a"): name.hasPrefix("attache-")
        case UInt8(ascii: "p"): name.hasPrefix("proxy-")
        default: false
        }
    }

    private static func tellsOrigin(_ name: String) -> Bool {
        name.utf8.first == UInt8(ascii: "x") && (name.hasPrefix("x-attache-") || name.hasPrefix("x-forwarded-"))
    }

    /// The fields of a target's answer, or of its trailers, that go back to the agent.
    ///
    /// Never: sessions and challenges that are between target and broker, what concerns one connection, what would send
    /// the agent past the broker, and whatever looks as if the broker itself had said it. The framing is the caller's.
    package static func returned(_ fields: consuming [HTTPField]) -> HTTPFields {
        let nominated = nominated(by: fields)
        fields.removeAll { field in
            !isReturned(field.name) || !nominated.isEmpty && nominated.contains(folded(field.name.canonicalName))
        }
        var returned = HTTPFields()
        // With room for what the broker says itself.
        returned.reserveCapacity(fields.count + 3)
        // At once: the library takes a single field by way of a collection of one.
        returned.replaceSubrange(0..<0, with: fields)
        return returned
    }

    /// Whether fields of this name go back to the agent, where `Connection` does not name it.
    package static func isReturned(_ name: HTTPField.Name) -> Bool {
        let name = folded(name.canonicalName)
        return !targetOnly.contains(name) && !isBetweenNeighbors(name)
    }

    /// Whether the name of a field holds one of the vault's own tokens, as far as that shows without case.
    package static func namesToken(_ fields: HTTPFields) -> Bool {
        fields.contains { holdsToken($0.name.canonicalName) }
    }

    /// Whether text holds what a token of the vault begins with, long enough to be one.
    package static func holdsToken(_ text: String) -> Bool {
        guard text.utf8.count >= shortestPrefix + tokenCharacters else { return false }
        var text = text
        return text.withUTF8 { bytes in
            // Each prefix ends with `_`, and no other one follows in a token.
            var rest = bytes[...]
            while let mark = rest.firstIndex(of: UInt8(ascii: "_")) {
                rest = bytes[(mark + 1)...]
                guard rest.prefix(tokenCharacters).count == tokenCharacters,
                    rest.prefix(tokenCharacters).allSatisfy(isAlphanumeric)
                else { continue }
                if tokenPrefixes.contains(where: { bytes[...mark].suffix($0.count).elementsEqual($0) }) { return true }
            }
            return false
        }
    }

    package static func folded(_ name: String) -> String {
        // Most names are in their one spelling already, and this runs for every field of every request.
        let isFolded = name.utf8.allSatisfy { byte in
            !(UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) && byte != UInt8(ascii: "_") && byte < 0x80
        }
        return isFolded ? name : name.lowercased().replacing("_", with: "-")
    }

    private static func nominated(by fields: some Sequence<HTTPField>) -> Set<String> {
        var names: Set<String> = []
        // `keep-alive` is what most of them say, and names nothing that passes anyway.
        for field in fields where field.name == .connection && field.value != "keep-alive" {
            for name in field.value.split(separator: ",") {
                names.insert(folded(String(name.filter { $0 != " " && $0 != "\t" })))
            }
        }
        return names
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    private static let tokenPrefixes = ["pxr_", "ak_ws_", "gwt_"].map { Array($0.utf8) }
    private static let shortestPrefix = 4
    /// At least so many letters and digits follow the prefix.
    private static let tokenCharacters = 43

    private static let connection: [String] = [
        "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings",
    ]

    private static let agentOnly = FieldNames(
        connection + [
            // What authenticates.
            "authorization", "api-key", "apikey", "cookie", "cookie2", "ocp-apim-subscription-key", "private-token",
            "x-access-token", "x-amz-security-token", "x-api-key", "x-api-token", "x-apikey", "x-auth-key",
            "x-auth-token", "x-goog-api-key", "x-rapidapi-key", "x-subscription-token", "xi-api-key",
            // The broker's own.
            "x-credential-name", "x-target-method", "x-target-url",
            // Framing and where the request goes.
            "content-length", "expect", "host",
            // Where it came from.
            "forwarded", "x-real-ip",
            // What would hide the credential from the scrubber.
            "accept-encoding", "if-range", "range",
        ]
    )

    private static let targetOnly = FieldNames(
        connection + [
            "alt-svc", "authentication-info", "clear-site-data", "content-length", "refresh", "set-cookie",
            "set-cookie2",
            "www-authenticate", "x-request-id",
        ]
    )
}

/// Names of fields, found by their length first: every field of every message is looked for, and a hash costs more.
private struct FieldNames {
    private let names: [[String]]

    init(_ names: [String]) {
        let longest = names.map(\.utf8.count).max() ?? 0
        self.names = (0...longest).map { length in names.filter { $0.utf8.count == length } }
    }

    func contains(_ name: String) -> Bool {
        let length = name.utf8.count
        return length < names.count && names[length].contains(name)
    }
}
