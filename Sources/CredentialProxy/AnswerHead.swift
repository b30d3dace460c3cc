// SPDX-License-Identifier: Apache-2.0

internal import HTTPMessages
internal import HTTPTypes
internal import NIOCore
internal import ProxyRules

/// What the fields of a target's answer say, as the agent may see it.
struct AnswerHead {
    /// Those that go back, without `Content-Length`.
    let fields: AnswerFields
    /// Nil where the body's end says how long it is.
    let length: Int?

    /// Throws ``ProxyError/badAnswer`` where the body could not be looked through: what is compressed on the way is as
    /// unreadable as what is compressed to stay.
    init(_ lines: AnswerLines, cleanedBy scrubber: inout ResponseScrubber) throws(ProxyError) {
        if let block = lines.block, let bytes = try Self.passed(block, &scrubber) {
            fields = .lines(bytes, of: block)
            length = lines.isChunked ? nil : lines.length
            return
        }
        var length: Int?
        var isChunked = false
        for field in lines.fields {
            // As the target said it: a name or a value that the credential is a part of means what it means.
            switch field.name {
            case .contentLength: length = length ?? Int(field.value)
            case .contentEncoding: try Self.checkEncoding(field.value)
            case .transferEncoding:
                isChunked = true
                guard field.value.lowercased().split(separator: ",").allSatisfy(Self.isChunked) else {
                    throw .badAnswer
                }
            default: break
            }
        }
        fields = .made(HeaderRules.returned(lines.fields.compactMap { $0.cleaned(by: &scrubber) }))
        self.length = isChunked ? nil : length
    }

    /// The lines of those that go back, where nothing is found in any and their names alone decide; nil otherwise.
    private static func passed(
        _ block: FieldBlock,
        _ scrubber: inout ResponseScrubber
    ) throws(ProxyError) -> ByteBuffer? {
        // All at once: what is in no line is in no field.
        guard block.bytes.withUnsafeReadableBytes({ scrubber.passes($0) }) else { return nil }
        var passed = ByteBuffer()
        passed.reserveCapacity(block.bytes.readableBytes)
        // Lines that stand together are taken together.
        var run = 0..<0
        for line in block.lines {
            switch line.known.map({ rules[$0] }) ?? Rule(block.name(of: line)) {
            case .passes: break
            case .stays: continue
            // What it names stays, too.
            case .connection:
                guard ["keep-alive", "close"].contains(block.value(of: line)) else { return nil }
                continue
            case .encoding: try checkEncoding(block.value(of: line))
            }
            if line.start != run.upperBound {
                passed.writeImmutableBuffer(block.bytes(in: run))
                run = line.start..<line.end
            } else {
                run = run.lowerBound..<line.end
            }
        }
        passed.writeImmutableBuffer(block.bytes(in: run))
        return passed
    }

    private enum Rule {
        case passes
        case stays
        case connection
        case encoding

        init(_ name: HTTPField.Name) {
            self =
                switch name {
                case .connection: .connection
                case .contentEncoding: .encoding
                default: HeaderRules.isReturned(name) ? .passes : .stays
                }
        }
    }

    private static let rules = FieldBlock.knownNames.map { Rule($0) }

    private static func checkEncoding(_ value: String) throws(ProxyError) {
        guard value.lowercased() == "identity" else { throw .badAnswer }
    }

    private static func isChunked(_ coding: Substring) -> Bool {
        coding.split(whereSeparator: { $0 == " " || $0 == "\t" }) == ["chunked"]
    }
}

/// The fields that go back to an agent.
enum AnswerFields: Sendable {
    case made(HTTPFields)
    /// As lines of HTTP/1.1, which nothing was changed in.
    case lines(ByteBuffer, of: FieldBlock)

    /// The same whatever carries them.
    var made: HTTPFields {
        switch self {
        case .made(let fields): fields
        case .lines(_, let block): HeaderRules.returned(block.fields)
        }
    }

    /// Nil where they are not there as lines.
    var lines: ByteBuffer? {
        switch self {
        case .made: nil
        case .lines(let bytes, _): bytes
        }
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
