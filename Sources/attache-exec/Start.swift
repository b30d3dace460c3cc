// SPDX-License-Identifier: Apache-2.0

internal import CKernel

/// One start of this instance: as many attempts as the deadline allows, all of them the same start for the server.
struct Start {
    let server: Server
    private let instance: Text
    private var id: (UInt64, UInt64) = (0, 0)
    var token: GatewayToken
    private let options: Options
    private var deadline: Int64
    private var attempts = 0

    static let headCapacity = 32 << 10
    let received: UnsafeMutablePointer<UInt8>

    static var unreachable: Text { "unreachable" }
    private static let firstPause: Int64 = 100
    private static let longestPause: Int64 = 5_000

    init(environment: InheritedEnvironment, options: Options) throws(Failure) {
        server = try Server(environment)
        instance = try Start.instance(environment)
        token = GatewayToken(environment: environment, isQuiet: options.isQuiet)
        self.options = options
        deadline = 0
        received = .allocate(capacity: Start.headCapacity)
        try renew()
    }

    /// Makes the next fetch a start of its own, with the whole time before it.
    mutating func renew() throws(Failure) {
        attempts = 0
        deadline = ckernel_exec_now() + Int64(options.timeoutSeconds) * 1000
        let error = ckernel_exec_random(&id, MemoryLayout.size(ofValue: id))
        guard error == 0 else { throw Failure(code: "no_randomness", message: Message(error: -error)) }
    }

    /// Returns what is attached, or nil where nothing could be reached and that is allowed.
    ///
    /// Tries again where no connection or no answer came, for 429 and for the 5xx that can pass.
    mutating func fetch() throws(Failure) -> Answer? {
        var pause = Start.firstPause
        while true {
            attempts += 1
            switch try attempt() {
            case .answered(let answer):
                return answer
            case .failed(let failure, let retryAfterSeconds):
                let demanded = Int64(retryAfterSeconds) * 1000
                let left = deadline - ckernel_exec_now()
                guard left > max(50, demanded) else {
                    let message: Message = "\(failure.message) (attempts: \(attempts))"
                    guard options.allowsOffline, failure.code == Start.unreachable else {
                        throw Failure(code: failure.code, message: message, canPass: true)
                    }
                    Message("warning: \(failure.code): \(message); starting without values from the vault").print()
                    return nil
                }
                // Toward the deadline the attempts come closer together: a server that is just back is not missed.
                ckernel_exec_sleep(min(demanded + Start.jittered(pause), max(demanded, left / 2)))
                pause = min(pause * 2, Start.longestPause)
            }
        }
    }

    /// What an attempt came to; what no other attempt can change is thrown instead.
    private enum Attempt {
        case answered(Answer)
        case failed(Failure, retryAfterSeconds: Int)
    }

    private mutating func attempt() throws(Failure) -> Attempt {
        var request = StartRequest(
            to: server.host,
            id: id,
            instance: instance,
            isSession: options.isSession,
            isSupervised: options.supervision.isWanted,
            forwardPort: options.supervision.forwardPort
        )
        try request.authorize(with: &token, until: deadline)
        do throws(Failure) {
            return try exchange(&request)
        } catch {
            guard error.canPass else { throw error }
            return .failed(error, retryAfterSeconds: 0)
        }
    }

    /// One connection: the request, and the head of what comes back.
    private func exchange(_ request: inout StartRequest) throws(Failure) -> Attempt {
        let connection = try server.connect(until: deadline)
        let sent = request.send(over: connection, until: deadline)
        guard sent == 0 else { throw server.failure(-sent) }

        var filled = 0
        while true {
            guard filled < Start.headCapacity else { throw Answer.invalid("its head is too long") }
            let got = connection.read(into: received + filled, Start.headCapacity - filled, until: deadline)
            guard got >= 0 else { throw server.failure(Int32(-got)) }
            guard got > 0 else { throw server.unreachable("closed without an answer", canPass: true) }
            let unseen = max(0, filled - 3)
            filled += Int(got)
            for end in unseen..<max(unseen, filled - 3) where Start.endsHead(received + end) {
                let text = Text(UnsafeBufferPointer(start: received, count: end))
                let surplus = Text(UnsafeBufferPointer(start: received + end + 4, count: filled - end - 4))
                guard let head = AnswerHead(text) else { throw Answer.invalid("its head is not HTTP/1.1") }
                guard head.status == 200 else { return try refusal(head) }
                return .answered(try receive(head, startingWith: surplus, from: connection))
            }
        }
    }

    /// Receives exactly the announced body, into memory of its own that stays until execve(2).
    private func receive(
        _ head: AnswerHead,
        startingWith surplus: Text,
        from connection: borrowing Connection
    ) throws(Failure) -> Answer {
        guard head["transfer-encoding"] == nil, head["content-encoding"] == nil else {
            throw Answer.invalid("it is chunked or encoded")
        }
        guard head["content-type"] == Answer.contentType else { throw Answer.invalid("it is of another content type") }
        guard let length = head["content-length"]?.number else { throw Answer.invalid("it has no length") }
        guard length <= Answer.maximumBytes else {
            throw Failure(code: "answer_too_large", message: "\(length) bytes, at most \(Answer.maximumBytes)")
        }
        guard length > 0 else { return try answer(head, "") }
        guard let body = ckernel_exec_map(length)?.assumingMemoryBound(to: UInt8.self) else {
            throw Failure(code: "out_of_memory", message: "no memory for \(length) bytes")
        }
        var filled = min(surplus.count, length)
        for position in 0..<filled { body[position] = surplus.bytes[position] }
        while filled < length {
            let got = connection.read(into: body + filled, length - filled, until: deadline)
            guard got > 0 else {
                throw Failure(code: "truncated_answer", message: "\(filled) of \(length) bytes came")
            }
            filled += Int(got)
        }
        return try answer(head, Text(UnsafeBufferPointer(start: body, count: length)))
    }

    private func answer(_ head: AnswerHead, _ body: Text) throws(Failure) -> Answer {
        try Answer(
            body: body,
            allowedNames: head["attache-allowed-names"],
            readableNames: head["attache-readable-names"],
            receipt: head["attache-receipt"]
        )
    }

    private func refusal(_ head: AnswerHead) throws(Failure) -> Attempt {
        let failure = ServerError.failure(head)
        let canPass = head.status == 429 || (head.status >= 500 && !ServerError.isFinal(head))
        guard canPass else { throw failure }
        return .failed(failure, retryAfterSeconds: head["retry-after"]?.number ?? 0)
    }

    static func endsHead(_ bytes: UnsafePointer<UInt8>) -> Bool {
        bytes[0] == 0x0D && bytes[1] == 0x0A && bytes[2] == 0x0D && bytes[3] == 0x0A
    }

    /// Between a half and the whole of `pause`.
    static func jittered(_ pause: Int64) -> Int64 {
        var random: UInt16 = 0
        _ = ckernel_exec_random(&random, MemoryLayout<UInt16>.size)
        return pause / 2 + pause / 2 * Int64(random) / Int64(UInt16.max)
    }

    private static func instance(_ environment: InheritedEnvironment) throws(Failure) -> Text {
        if let name = environment.setting("ATTACHE_INSTANCE") {
            guard name.count <= 128, name.isVisibleASCII else {
                throw .usage("ATTACHE_INSTANCE takes at most 128 visible ASCII characters")
            }
            return name
        }
        let name = Text(cString: ckernel_exec_host_name())
        return !name.isEmpty && name.isVisibleASCII ? name : "unnamed"
    }
}
