// SPDX-License-Identifier: Apache-2.0

/// Requests that are well formed, made as the fuzzer's bytes say, and what is known of their answers.
struct RequestPlan {
    private(set) var bytes: [UInt8] = []
    private(set) var methods: [String] = []
    /// The place of the first request after which nothing is answered, if there is one.
    private var last: Int?
    /// The places of requests whose body is longer than any may be.
    private var tooLong: Set<Int> = []

    private static let mostRequests = 12
    /// As `HTTPServer` has it for the agents' socket.
    private static let mostBodyBytes = 2_048
    private static let verbs = ["POST", "POST", "GET", "DELETE", "HEAD", "PUT", "OPTIONS", "PATCH"]

    init(_ input: inout FuzzInput, _ server: ServedVault) {
        repeat { add(&input, server) } while !input.isEmpty && methods.count < Self.mostRequests
    }

    private mutating func add(_ input: inout FuzzInput, _ server: ServedVault) {
        let place = methods.count
        let method = Self.verbs[Int(input.byte()) % Self.verbs.count]
        methods.append(method)
        let receipt = String(decoding: server.receipt, as: UTF8.self)
        let path =
            switch input.byte() % 6 {
            case 0, 1, 2: "/api/v1/starts"
            case 3: "/api/v1/starts/\(receipt)"
            case 4: "/api/v1/starts/\(receipt)/changes?wait=1&seen=\(input.byte())"
            default: "/" + Self.plain(input.text(Int(input.byte() % 32)))
            }
        let flags = input.byte()
        var fields = ["Host: attache", "X-Request-Id: r\(place)"]
        if flags & 1 != 0 { fields.append("Authorization: Bearer \(String(decoding: server.token, as: UTF8.self))") }
        if flags & 2 != 0 { fields.append("Attache-Instance: \(Self.plain(input.text(Int(input.byte() % 140))))") }
        if flags & 4 != 0 { fields.append("Attache-Start: start-\(input.byte())") }
        if flags & 8 != 0 { fields.append("Attache-Session: \(input.byte() % 3)") }
        if flags & 16 != 0 { fields.append("Attache-Supervised: \(input.byte() % 3)") }
        if flags & 32 != 0 { fields.append("Attache-Forward: \(Int(input.word()) * 2)") }
        if flags & 64 != 0 { fields.append("\(Self.plain(input.text(4)))x: \(Self.plain(input.text(12)))") }
        if flags & 128 != 0, input.byte() % 8 == 0 {
            fields.append("Connection: close")
            last = last ?? place
        }
        let framing = input.byte()
        let body = [UInt8](repeating: input.byte(), count: framing % 3 == 0 ? 0 : Int(input.word() % 4_096))
        if body.count > Self.mostBodyBytes {
            tooLong.insert(place)
            last = last ?? place
        }
        if framing & 64 != 0 { fields.append("Expect: 100-continue") }
        var text: [UInt8] = []
        switch framing % 3 {
        case 0: break
        case 1:
            fields.append("Content-Length: \(body.count)")
            text = body
        default:
            fields.append("Transfer-Encoding: chunked")
            let size = Int(input.byte()) + 1
            for start in stride(from: 0, to: body.count, by: size) {
                let chunk = body[start..<min(start + size, body.count)]
                text += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + [0x0D, 0x0A]
            }
            text += Array("0\r\n\r\n".utf8)
        }
        bytes += Array("\(method) \(path) HTTP/1.1\r\n\(fields.joined(separator: "\r\n"))\r\n\r\n".utf8) + text
    }

    /// One answer to each request up to the last, in their order, and 413 to every body that is too long.
    func check(_ answers: [Answer]) {
        let expected = last.map { $0 + 1 } ?? methods.count
        precondition(answers.count == expected, "\(answers.map(\.status)) to \(expected) of \(methods)")
        for (place, answer) in answers.enumerated() {
            precondition(answer.requestID == "r\(place)", "an answer to another request")
            precondition(!tooLong.contains(place) || answer.status == 413, "too long and taken")
            precondition(answer.closes == (place == last))
            precondition(answer.status != 500)
        }
    }

    /// Letters and digits as the bytes say; never nothing.
    private static func plain(_ bytes: [UInt8]) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
        return "p" + String(decoding: bytes.map { letters[Int($0) % letters.count] }, as: UTF8.self)
    }
}
