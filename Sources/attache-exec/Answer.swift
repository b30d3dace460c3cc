// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// The head of an HTTP/1.1 answer (docs/formats/start-protocol.md).
struct AnswerHead {
    let status: Int
    private var fields: [(name: Text, value: Text)] = []

    /// Reads the lines before the empty one; nil where they are not the head of an answer.
    init?(_ head: Text) {
        guard head.count >= 12, head.hasPrefix("HTTP/1."), head.bytes[8] == UInt8(ascii: " "),
            let status = head[9..<12].number, status >= 200
        else { return nil }
        self.status = status
        var isFirst = true
        var isWellFormed = true
        head.forEachPiece(separator: UInt8(ascii: "\n")) { line in
            let colon = line.index(of: UInt8(ascii: ":")) ?? 0
            if !isFirst { fields.append((line[0..<colon], line[min(colon + 1, line.count)..<line.count].trimmed)) }
            isWellFormed = isWellFormed && (isFirst || line[0..<colon].isVisibleASCII && colon > 0)
            isFirst = false
        }
        guard isWellFormed else { return nil }
    }

    /// The field's value; empty where the field occurs twice, since no server here sends one twice.
    subscript(name: Text) -> Text? {
        let found = fields.filter { $0.name.equalsIgnoringCase(name) }
        return found.count > 1 ? "" : found.first?.value
    }

    /// The code of a refusal, if it is one: lower case, digits and `_`, at most 64.
    var errorCode: Text? {
        guard let code = self["attache-error"], !code.isEmpty, code.count <= 64 else { return nil }
        let isCode = code.bytes.allSatisfy { ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x5F }
        return isCode ? code : nil
    }
}

/// What the vault gave: `NAME=value` strings, each with its NUL, that stay where they were received.
struct Answer {
    let strings: [EnvironmentString]
    let body: Text
    let allowedNames: Text?
    /// Names, separated by blanks, whose values are no secrets.
    let readableNames: Text?
    /// The id under which the server recorded what it gave.
    let receipt: Text?

    static var contentType: Text { "application/vnd.attache.environment" }

    static let maximumBytes = 8 << 20

    /// Takes the body apart and refuses all of it where one name is wrong.
    ///
    /// A wrong name is told by its position: what stands in its place may be a piece of a value.
    init(body: Text, allowedNames: Text?, readableNames: Text?, receipt: Text?) throws(Failure) {
        guard body.isEmpty || body.bytes[body.count - 1] == 0 else {
            throw Answer.invalid("the last string has no end")
        }
        var strings: [EnvironmentString] = []
        var start = 0
        while start < body.count {
            var end = start
            while body.bytes[end] != 0 { end += 1 }
            strings.append(EnvironmentString(body[start..<end]))
            start = end + 1
        }
        var index = NameIndex(capacity: strings.count)
        for (position, string) in strings.enumerated() {
            guard let name = string.name, name.isEnvironmentName else {
                throw Answer.invalid("string \(position + 1) has no valid name")
            }
            guard index.put(name, at: position) == nil else {
                throw Failure(code: "duplicate_variable", message: "\(name) comes twice in the answer")
            }
            // The wrapper's own prefix is never let through: the command must find none of it.
            if name.isDangerousName, string.isOwn || allowedNames?.hasWord(name) != true {
                throw Failure(code: "dangerous_name", message: "\(name) is not allowed for this agent")
            }
        }
        self.strings = strings
        self.body = body
        self.allowedNames = allowedNames
        self.readableNames = readableNames
        self.receipt = receipt
    }

    static func invalid(_ message: Message) -> Failure { Failure(code: "invalid_answer", message: message) }
}
