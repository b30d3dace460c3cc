// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import NIOHTTP1
internal import ProxyRules

/// What the fields of a target's answer say, as the agent may see it.
struct AnswerHead {
    /// Those that go back, without `Content-Length`.
    let fields: HTTPFields
    /// Nil where the body's end says how long it is.
    let length: Int?

    /// Throws ``ProxyError/badAnswer`` where the body could not be looked through: what is compressed on the way is as
    /// unreadable as what is compressed to stay.
    init(_ headers: HTTPHeaders, cleanedBy scrubber: inout ResponseScrubber) throws(ProxyError) {
        var fields: [HTTPField] = []
        fields.reserveCapacity(headers.count)
        var length: Int?
        var isChunked = false
        for (text, value) in headers {
            guard let name = HTTPField.Name(text) else { continue }
            // As the target said it: a name or a value that the credential is a part of means what it means.
            switch name.canonicalName.utf8.count {
            case 14 where name == .contentLength:
                length = length ?? Int(value)
                continue
            case 16 where name == .contentEncoding:
                guard value.lowercased() == "identity" else { throw .badAnswer }
            case 17 where name == .transferEncoding:
                isChunked = true
                guard value.lowercased().split(separator: ",").allSatisfy(Self.isChunked) else { throw .badAnswer }
            default: break
            }
            if let field = HTTPField(name, text, value, cleanedBy: &scrubber) { fields.append(field) }
        }
        self.fields = HeaderRules.returned(fields)
        self.length = isChunked ? nil : length
    }

    private static func isChunked(_ coding: Substring) -> Bool {
        coding.split(whereSeparator: { $0 == " " || $0 == "\t" }) == ["chunked"]
    }
}

extension HTTPFields {
    init(trailersOfTarget headers: HTTPHeaders, cleanedBy scrubber: inout ResponseScrubber) {
        let fields = headers.compactMap { text, value in
            HTTPField.Name(text).flatMap { HTTPField($0, text, value, cleanedBy: &scrubber) }
        }
        self = HeaderRules.returned(fields)
    }
}

extension HTTPField {
    /// Nil where no name is left.
    fileprivate init?(
        _ name: HTTPField.Name,
        _ text: String,
        _ value: String,
        cleanedBy scrubber: inout ResponseScrubber
    ) {
        let clean = scrubber.scrubbed(text)
        guard let name = clean == text ? name : HTTPField.Name(clean) else { return nil }
        self.init(name: name, value: scrubber.scrubbed(value))
    }
}
