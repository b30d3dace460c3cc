// SPDX-License-Identifier: Apache-2.0

/// One answer of HTTP/1.1, as a strict client reads it.
struct Answer {
    var status = 0
    var fields: [String: String] = [:]
    var body: ArraySlice<UInt8> = []

    var requestID: String { fields["x-request-id"] ?? "" }
    var closes: Bool { fields["connection"] == "close" }
}

/// Reads answers by RFC 9112 §4 to §6, and ends the process at the first byte that is in none.
struct AnswerReader {
    private var bytes: ArraySlice<UInt8>

    /// The final answers in `bytes`, all of which they make up; `methods` are those of the requests, where known.
    static func answers(in bytes: [UInt8], to methods: [String]?) -> [Answer] {
        var reader = AnswerReader(bytes: bytes[...])
        var answers: [Answer] = []
        while !reader.bytes.isEmpty {
            var answer = reader.head()
            // Interim: the final answer to the same request follows.
            if (100...199).contains(answer.status) { continue }
            let method = methods.flatMap { answers.count < $0.count ? $0[answers.count] : nil }
            reader.readBody(of: &answer, method)
            answers.append(answer)
        }
        return answers
    }

    private mutating func line() -> [UInt8] {
        guard let end = bytes.firstIndex(of: 0x0D) else { preconditionFailure("a line without an end") }
        let line = bytes[..<end]
        precondition(bytes[end...].starts(with: [0x0D, 0x0A]) && !line.contains(0x0A) && !line.contains(0))
        bytes = bytes[(end + 2)...]
        return Array(line)
    }

    private mutating func head() -> Answer {
        let first = String(decoding: line(), as: UTF8.self)
        let parts = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        precondition(parts.count == 3 && parts[0] == "HTTP/1.1" && parts[1].count == 3, "a status line")
        guard let status = Int(parts[1]), (100...599).contains(status) else { preconditionFailure("a status") }
        var answer = Answer(status: status)
        while true {
            let field = line()
            if field.isEmpty { return answer }
            guard let colon = field.firstIndex(of: UInt8(ascii: ":")) else { preconditionFailure("a field") }
            let name = String(decoding: field[..<colon], as: UTF8.self).lowercased()
            precondition(!name.isEmpty && name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x2D })
            let value = field[(colon + 1)...]
            precondition(value.allSatisfy { (0x20...0x7E).contains($0) || $0 >= 0x80 })
            precondition(answer.fields[name] == nil, "a field twice")
            answer.fields[name] = String(decoding: value, as: UTF8.self).trimmingPrefix(" ").description
        }
    }

    private mutating func readBody(of answer: inout Answer, _ method: String?) {
        precondition(answer.fields["transfer-encoding"] == nil)
        let length = answer.fields["content-length"].map { text in
            guard let length = Int(text), length >= 0, String(length) == text else { preconditionFailure("a length") }
            return length
        }
        if answer.status == 204 {
            precondition(length ?? 0 == 0)
            return
        }
        guard let length else { preconditionFailure("an answer without a length") }
        if method == "HEAD" { return }
        // Where it is not known what was asked, an answer without a body can only be one to HEAD.
        if method == nil, bytes.isEmpty || bytes.starts(with: Array("HTTP/1.1 ".utf8)) { return }
        precondition(bytes.count >= length, "an answer that was cut off")
        answer.body = bytes.prefix(length)
        bytes = bytes.dropFirst(length)
    }
}
