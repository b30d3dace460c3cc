// SPDX-License-Identifier: Apache-2.0

package import VaultModel

/// How a credential's value becomes a part of a request; holds nothing secret.
package struct Presentation: Hashable, Sendable {
    package let scheme: CredentialScheme
    /// For ``CredentialScheme/customHeader``: the field's name; nil when the value is lines of `Name: value`.
    package let header: String?
    /// What stands before the value in that field, such as `Token `.
    package let prefix: String
    /// For ``CredentialScheme/queryParameter``: the parameter's name.
    package let parameter: String?

    /// Throws unless the parts are the ones that the scheme has.
    package init(
        _ scheme: CredentialScheme,
        header: String? = nil,
        prefix: String? = nil,
        parameter: String? = nil
    ) throws(PresentationError) {
        if let header {
            guard scheme == .customHeader else { throw .unexpectedHeader }
            guard Self.isFieldName(header), !Self.isFraming(header) else { throw .invalidHeader }
        }
        if let prefix {
            guard header != nil else { throw .unexpectedPrefix }
            guard prefix.utf8.count <= 64, prefix.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw .invalidPrefix
            }
        }
        switch (scheme, parameter) {
        case (.queryParameter, nil): throw .missingParameter
        case (.queryParameter, .some(let name)):
            guard (1...128).contains(name.utf8.count), name.utf8.allSatisfy(Self.isUnreserved) else {
                throw .invalidParameter
            }
        case (_, .some): throw .unexpectedParameter
        case (_, nil): break
        }
        self.scheme = scheme
        self.header = header
        self.prefix = prefix ?? ""
        self.parameter = parameter
    }

    /// Whether the value is a key and nothing else, as opposed to a pair, cookies or lines.
    package var isKey: Bool {
        switch scheme {
        case .apiKey, .queryParameter: true
        case .customHeader: header != nil
        case .basicAuth, .cookie: false
        }
    }

    /// RFC 9110 §5.6.2 `token`.
    static func isFieldName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { isUnreserved($0) || "!#$%&'*+^`|".utf8.contains($0) }
    }

    /// A field that says where a request ends or goes: nobody's value belongs there.
    static func isFraming(_ name: String) -> Bool {
        let framing: Set<String> = [
            "host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect",
            "keep-alive", "http2-settings",
        ]
        let folded = HeaderRules.folded(name)
        return framing.contains(folded) || folded.hasPrefix("proxy-")
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

/// Why a presentation, or a value for one, is refused.
package enum PresentationError: Error, Equatable, Sendable {
    case unexpectedHeader, invalidHeader, unexpectedPrefix, invalidPrefix
    case missingParameter, invalidParameter, unexpectedParameter
    /// A control character, CR and LF among them: it would end the field and begin another.
    case controlCharacter
    /// Not ASCII, where a header field must be.
    case notASCII
    /// Too short to be kept out of answers.
    case tooShort
    case tooLong
    /// Basic authentication takes `user:password`.
    case noColon
    /// Not a cookie string.
    case invalidCookie
    /// Not lines of `Name: value`.
    case invalidLines
}
