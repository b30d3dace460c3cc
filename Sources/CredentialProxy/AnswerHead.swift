// SPDX-License-Identifier: Apache-2.0

internal import HTTPMessages
internal import HTTPTypes
internal import ProxyRules

/// What the fields of a target's answer say, as the agent may see it.
struct AnswerHead {
    /// Those that go back, without `Content-Length`.
    let fields: HTTPFields
    /// Nil where the body's end says how long it is.
    let length: Int?

    /// Throws ``ProxyError/badAnswer`` where the body could not be looked through: what is compressed on the way is as
    /// unreadable as what is compressed to stay.
    init(_ lines: AnswerLines, cleanedBy scrubber: inout ResponseScrubber) throws(ProxyError) {
        var fields: [HTTPField] = []
        fields.reserveCapacity(lines.fields.count)
        var length: Int?
        var isChunked = false
        for field in lines.fields {
            // As the target said it: a name or a value that the credential is a part of means what it means.
            switch field.name.canonicalName.utf8.count {
            case 14 where field.name == .contentLength:
                length = length ?? Int(field.value)
                continue
            case 16 where field.name == .contentEncoding:
                guard field.value.lowercased() == "identity" else { throw .badAnswer }
            case 17 where field.name == .transferEncoding:
                isChunked = true
                guard field.value.lowercased().split(separator: ",").allSatisfy(Self.isChunked) else {
                    throw .badAnswer
                }
            default: break
            }
            if let field = field.cleaned(by: &scrubber) { fields.append(field) }
        }
        self.fields = HeaderRules.returned(fields)
        self.length = isChunked ? nil : length
    }

    private static func isChunked(_ coding: Substring) -> Bool {
        coding.split(whereSeparator: { $0 == " " || $0 == "\t" }) == ["chunked"]
    }
}

extension HTTPFields {
    init(trailersOfTarget fields: HTTPFields, cleanedBy scrubber: inout ResponseScrubber) {
        self = HeaderRules.returned(fields.compactMap { $0.cleaned(by: &scrubber) })
    }
}

extension HTTPField {
    /// Nil where no name is left.
    fileprivate func cleaned(by scrubber: inout ResponseScrubber) -> HTTPField? {
        let cleanName = scrubber.scrubbed(name.rawName)
        let cleanValue = scrubber.scrubbed(value)
        if cleanName == name.rawName { return cleanValue == value ? self : HTTPField(name: name, value: cleanValue) }
        return HTTPField.Name(cleanName).map { HTTPField(name: $0, value: cleanValue) }
    }
}
