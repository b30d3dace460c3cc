// SPDX-License-Identifier: Apache-2.0

import APITypes
import CredentialProxy
import HTTPTypes
import NIOCore
import NIOHPACK
import NIOHTTP2
import NIOPosix
import ProxyRules
import TestSupport
import Testing
import VaultCore
import VaultModel

/// Targets that choose HTTP/2: what they are sent, what comes back of what they answer, and whose connection it is.
@Suite(.timeLimit(.minutes(2)))
struct StreamTargetTests {
    @Test func theCredentialIsAFieldThatNeitherEndKeeps() async throws {
        let scene = try await StreamScene { _ in StreamTarget.Step.answer("ok") }
        let fields: HTTPFields = [.accept: "text/plain", .userAgent: "Agent", .connection: "X-Hop", .te: "trailers"]
        let answer = try await scene.send("GET", "/v1/items?a=b", fields)
        #expect(answer == Received(status: 200, body: "ok"))
        let request = try #require(scene.target.requests.first)
        #expect(request.field(":method") == "GET")
        #expect(request.field(":scheme") == "https")
        #expect(request.field(":path") == "/v1/items?a=b")
        #expect(request.field(":authority") == "api.example.test:\(scene.target.port)")
        #expect(request.fields["authorization"] == ["Bearer \(StreamScene.key)"])
        #expect(request.field("user-agent") == "Agent")
        let secret = request.fields.first { $0.name == "authorization" }
        #expect(secret?.indexable == .neverIndexed)
        for name in ["host", "connection", "te", "transfer-encoding", "upgrade"] {
            #expect(request.fields.contains(name: name) == false, "\(name)")
        }
        #expect(request.fields.allSatisfy { $0.name == $0.name.lowercased() })
        try await scene.stop()
    }

    @Test func aCredentialInTheQueryIsPartOfThePath() async throws {
        let scene = try await StreamScene(scheme: .queryParameter) { _ in StreamTarget.Step.answer("ok") }
        _ = try await scene.send("GET", "/v1?key=mine&a=b")
        let path = try #require(scene.target.requests.first?.fields.first { $0.name == ":path" })
        #expect(path.value == "/v1?a=b&key=\(StreamScene.key)")
        #expect(path.indexable == .neverIndexed)
        try await scene.stop()
    }

    @Test func bodiesAndTrailersGoBothWays() async throws {
        let scene = try await StreamScene { request in
            [
                .fields([":status": "103", "link": "</style.css>"]), .fields([":status": "200", "x-a": "b"]),
                .data("got \(request.body.utf8.count) "), .data("and \(request.trailers?.first(name: "x-sum") ?? "")"),
                .fields(["x-end": "1", "x-echo": StreamScene.key], ends: true),
            ]
        }
        let answer = try await scene.send("POST", "/", body: ["one", "two", ""], trailers: [Self.sum: "7"])
        #expect(answer.status == 200)
        #expect(answer.body == "got 6 and 7")
        #expect(answer.trailers?[Self.end] == "1")
        #expect(answer.trailers.map { !"\($0)".contains(StreamScene.key) } == true)
        try await scene.stop()
    }

    @Test func theValueIsMaskedInFieldsAndBodyAlsoWhereItIsCut() async throws {
        let half = StreamScene.key.prefix(9)
        let rest = StreamScene.key.dropFirst(9)
        let scene = try await StreamScene { _ in
            [
                .fields([":status": "200", "x-echo": "a\(StreamScene.key)b", "set-cookie": "a=b"]), .data("<\(half)"),
                .data("\(rest)>", ends: true),
            ]
        }
        let answer = try await scene.send("GET", "/")
        #expect(answer.fields[Self.echo] == "a" + String(repeating: "*", count: StreamScene.key.count) + "b")
        #expect(answer.fields[.setCookie] == nil)
        #expect(answer.body == "<" + String(repeating: "*", count: StreamScene.key.count) + ">")
        try await scene.stop()
    }

    @Test func streamsShareOneConnection() async throws {
        let scene = try await StreamScene { _ in StreamTarget.Step.answer("ok") }
        _ = try await scene.send("GET", "/first")
        try await withThrowingTaskGroup(of: Received.self) { tasks in
            for number in 0..<20 { tasks.addTask { try await scene.send("GET", "/\(number)") } }
            for try await answer in tasks { #expect(answer.body == "ok") }
        }
        #expect(scene.target.requests.count == 21)
        #expect(scene.target.connections == 1)
        try await scene.stop()
    }

    @Test func noMoreStreamsAreOpenedThanTheTargetTakes() async throws {
        let scene = try await StreamScene(streamsAtOnce: 1) { request in
            request.field(":path") == "/long" ? [.fields([":status": "200"])] : StreamTarget.Step.answer("ok")
        }
        _ = try await scene.send("GET", "/first")
        let long = try await scene.begin("GET", "/long")
        #expect(try await scene.send("GET", "/meanwhile").body == "ok")
        #expect(scene.target.requests.map(\.connection) == [1, 1, 2])
        await long.abandon()
        try await scene.stop()
    }

    @Test func afterATargetSaysThatItLeavesAnotherConnectionIsUsed() async throws {
        let scene = try await StreamScene { request in
            let answer = StreamTarget.Step.answer("ok")
            return request.connection == 1 ? [.leave(last: 1)] + answer : answer
        }
        #expect(try await scene.send("GET", "/").body == "ok")
        #expect(try await scene.send("POST", "/", body: ["a"]).body == "ok")
        #expect(scene.target.requests.map(\.connection) == [1, 2])
        try await scene.stop()
    }

    @Test func requestsThatComeWhileAConnectionIsMadeShareIt() async throws {
        let scene = try await StreamScene { request in
            let answer = StreamTarget.Step.answer("ok")
            return request.connection == 1 ? [.leave(last: 1)] + answer : answer
        }
        _ = try await scene.send("GET", "/first")
        try await withThrowingTaskGroup(of: Received.self) { tasks in
            for number in 0..<20 { tasks.addTask { try await scene.send("GET", "/\(number)") } }
            for try await answer in tasks { #expect(answer.body == "ok") }
        }
        #expect(scene.target.requests.count == 21)
        #expect(scene.target.connections == 2)
        try await scene.stop()
    }

    @Test(arguments: ["GET", "POST"], [StreamTarget.Step.reset(.refusedStream), .leave(last: 1)])
    func whatATargetDidNothingOfIsSentOnceMore(method: String, refusal: StreamTarget.Step) async throws {
        let scene = try await StreamScene { request in
            let isRefused = request.connection == 1 && request.field(":path") == "/second"
            return isRefused ? [refusal] : StreamTarget.Step.answer("ok")
        }
        _ = try await scene.send("GET", "/first")
        let answer = try await scene.send(method, "/second", body: method == "POST" ? ["body"] : nil, length: 4)
        #expect(answer == Received(status: 200, body: "ok"))
        #expect(scene.target.requests.map(\.connection) == [1, 1, 2])
        #expect(scene.target.requests.last?.body == (method == "POST" ? "body" : ""))
        #expect(try await scene.attempts().count == 2)
        try await scene.stop()
    }

    @Test func aStreamThatIsOpenedAsTheTargetLeavesGoesOverAnotherConnection() async throws {
        let scene = try await StreamScene { request in
            let answer = StreamTarget.Step.answer("ok")
            return request.field(":path") == "/leave" ? [.leave(last: 3)] + answer : answer
        }
        _ = try await scene.send("GET", "/first")
        // Has its place on the connection, and waits for the body.
        let (asked, isAsked) = AsyncStream.makeStream(of: Void.self)
        let (body, source) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
        let held = HeldBody(body: body, isAsked: isAsked)
        async let answer = Received(scene.begin("POST", "/held", [.contentLength: "4"], body: held))
        for await _ in asked { break }
        #expect(try await scene.send("GET", "/leave").body == "ok")
        source.yield(ByteBuffer(string: "body"))
        source.finish()
        #expect(try await answer == Received(status: 200, body: "ok"))
        #expect(scene.target.requests.map(\.connection) == [1, 1, 2])
        #expect(scene.target.requests.last?.body == "body")
        try await scene.stop()
    }

    @Test func whatIsRefusedTwiceIsABadAnswer() async throws {
        let scene = try await StreamScene { _ in [.reset(.refusedStream)] }
        await #expect(throws: ProxyError.badAnswer) { _ = try await scene.send("GET", "/") }
        #expect(scene.target.requests.count == 2)
        try await scene.stop()
    }

    @Test func aStreamThatFailsOtherwiseIsNotSentAgain() async throws {
        let scene = try await StreamScene { _ in [.reset(.internalError)] }
        await #expect(throws: ProxyError.badAnswer) { _ = try await scene.send("POST", "/", body: ["a"], length: 1) }
        #expect(scene.target.requests.count == 1)
        try await scene.stop()
    }

    @Test(
        arguments: [
            [.fields([":status": "200", "content-length": "5"]), .data("four", ends: true)],
            [.fields([":status": "200", "content-length": "3"]), .data("four", ends: true)],
            [.fields([":status": "200"]), .data("four"), .reset(.noError)],
            [.fields([":status": "200"]), .data("four"), .reset(.internalError)],
            [.fields([":status": "200"]), .data("four"), .fields([":status": "200"], ends: true)],
        ] as [[StreamTarget.Step]]
    )
    func anAnswerThatIsNotAsItWasSaidIsBroken(steps: [StreamTarget.Step]) async throws {
        let scene = try await StreamScene { request in
            request.field(":path") == "/bad" ? steps : StreamTarget.Step.answer("ok")
        }
        _ = try await scene.send("GET", "/first")
        await #expect(throws: ProxyError.badAnswer) { _ = try await scene.send("GET", "/bad") }
        // One stream's fault is no other stream's.
        #expect(try await scene.send("GET", "/").body == "ok")
        #expect(scene.target.connections == 1)
        try await scene.stop()
    }

    @Test(
        arguments: [
            [":status": "200", "connection": "close"], [":status": "200", "transfer-encoding": "chunked"],
            [":status": "200", "X-Upper": "a"], [":status": "200", "x-a": "b\r\nx-c: d"], ["x-a": "b"],
            [":status": "200", ":status": "204"], [":status": "2000"], [":status": "abc"],
            ["x-a": "b", ":status": "200"],
            [":status": "200", "content-encoding": "gzip"],
        ] as [HPACKHeaders]
    )
    func aHeadThatNoAnswerHasIsABadAnswer(fields: HPACKHeaders) async throws {
        let scene = try await StreamScene { _ in [.fields(fields), .data("text", ends: true)] }
        await #expect(throws: ProxyError.badAnswer) { _ = try await scene.send("GET", "/") }
        try await scene.stop()
    }

    @Test func theAnswerToHEADSaysALengthThatNothingFollows() async throws {
        let scene = try await StreamScene { _ in [.fields([":status": "200", "content-length": "70"], ends: true)] }
        let answer = try await scene.begin("HEAD", "/")
        #expect(answer.contentLength == 70)
        guard case .end = try await answer.next() else {
            Issue.record("a body")
            return
        }
        await answer.abandon()
        try await scene.stop()
    }

    @Test func anAnswerThatComesEarlyEndsTheRequest() async throws {
        let scene = try await StreamScene(answersEarly: true) { _ in StreamTarget.Step.answer("no", status: "413") }
        // Never ends.
        let (body, source) = AsyncThrowingStream.makeStream(of: ByteBuffer.self)
        source.yield(ByteBuffer(string: "begun"))
        let answer = try await Received(scene.begin("POST", "/", body: body, isChunked: true))
        #expect(answer == Received(status: 413, body: "no"))
        for await code in scene.target.resets {
            #expect(code == .cancel)
            break
        }
        #expect(try await scene.send("GET", "/").status == 413)
        #expect(scene.target.connections == 1)
        source.finish()
        try await scene.stop()
    }

    @Test func anAgentThatLeavesEndsTheStreamAtOnceAndIsRecorded() async throws {
        let scene = try await StreamScene { _ in [.fields([":status": "200"]), .data("begun")] }
        let answer = try await scene.begin("GET", "/")
        answer.cancel()
        for await code in scene.target.resets {
            #expect(code == .cancel)
            break
        }
        await answer.abandon()
        #expect(try await scene.attempts().first?.contains("broken_off") == true)
        try await scene.stop()
    }

    @Test func whatAnAgentDoesNotTakeTheTargetDoesNotSend() async throws {
        let size = 8 << 20
        let scene = try await StreamScene { request in
            request.field(":path") == "/bulk"
                ? [.fields([":status": "200"]), .bulk(size)] : StreamTarget.Step.answer("ok")
        }
        let bulk = try await scene.begin("GET", "/bulk")
        guard case .bytes(let first) = try await bulk.next() else {
            Issue.record("no body")
            return
        }
        // The other stream of the connection goes on.
        for number in 0..<10 { #expect(try await scene.send("GET", "/\(number)").body == "ok") }
        #expect(scene.target.connections == 1)
        #expect(scene.target.written < 1 << 20)
        var count = first.readableBytes
        while case .bytes(let bytes) = try await bulk.next() { count += bytes.readableBytes }
        #expect(count == size)
        try await scene.stop()
    }

    @Test func aStreamWithoutAnAnswerInTimeEndsAloneAndIsRecorded() async throws {
        let scene = try await StreamScene(settings: { $0.firstByte = .milliseconds(300) }) { request in
            request.field(":path") == "/silent" ? [] : StreamTarget.Step.answer("ok")
        }
        _ = try await scene.send("GET", "/first")
        await #expect(throws: ProxyError.timedOut) { _ = try await scene.send("GET", "/silent") }
        try await expectOnlyThatStreamEnded(scene)
        try await scene.stop()
    }

    @Test func aStreamWhoseAnswerPausesTooLongIsBrokenOffAlone() async throws {
        let scene = try await StreamScene(settings: { $0.idle = .milliseconds(300) }) { request in
            request.field(":path") == "/pause"
                ? [.fields([":status": "200"]), .data("begun")] : StreamTarget.Step.answer("ok")
        }
        _ = try await scene.send("GET", "/first")
        let answer = try await scene.begin("GET", "/pause")
        guard case .bytes(let bytes) = try await answer.next() else {
            Issue.record("no body")
            return
        }
        #expect(String(buffer: bytes) == "begun")
        await #expect(throws: ProxyError.timedOut) { _ = try await answer.next() }
        try await expectOnlyThatStreamEnded(scene)
        try await scene.stop()
    }

    /// The target was told, the trail says why, and the connection goes on.
    private func expectOnlyThatStreamEnded(_ scene: StreamScene) async throws {
        for await code in scene.target.resets {
            #expect(code == .cancel)
            break
        }
        #expect(try await scene.attempts().first?.contains("target_timed_out") == true)
        #expect(try await scene.send("GET", "/").body == "ok")
        #expect(scene.target.connections == 1)
    }

    @Test func aTargetThatTellsToGoOnHasNotAnsweredYet() async throws {
        let scene = try await StreamScene { _ in
            [.fields([":status": "100"]), .fields([":status": "100"])] + StreamTarget.Step.answer("ok")
        }
        let answer = try await scene.send("POST", "/", [.expect: "100-continue"], body: ["body"], length: 4)
        #expect(answer == Received(status: 200, body: "ok"))
        // The agent was told to go on before anything was forwarded.
        #expect(scene.target.requests.first?.fields.contains(name: "expect") == false)
        #expect(scene.target.requests.first?.body == "body")
        try await scene.stop()
    }

    // The names are literals of token characters, which is all that the initializer checks.
    private static let sum = HTTPField.Name("X-Sum") ?? .via
    private static let end = HTTPField.Name("X-End") ?? .via
    private static let echo = HTTPField.Name("X-Echo") ?? .via
}

/// What an agent gets.
private struct Received: Equatable {
    var status: Int
    var fields: HTTPFields = [:]
    var body: String
    var trailers: HTTPFields?

    static func == (left: Received, right: Received) -> Bool { left.status == right.status && left.body == right.body }

    init(status: Int, body: String) {
        self.status = status
        self.body = body
    }

    /// Takes the whole answer.
    init(_ answer: ProxyAnswer) async throws {
        var bytes = ByteBuffer()
        status = answer.status
        fields = answer.fields
        while true {
            switch try await answer.next() {
            case .bytes(let piece): bytes.writeImmutableBuffer(piece)
            case .end(let trailers):
                self.trailers = trailers
                body = String(buffer: bytes)
                return
            }
        }
    }
}

/// A broker with one credential for a target that speaks HTTP/2; its requests run on one event loop, as those of a connection.
private struct StreamScene {
    static let key = "sk-c4n4ry-0123456789"
    private static let name = "api.example.test"

    let test: TestVault
    let target: StreamTarget
    private let broker: Broker
    private let token: String
    private let executor = LoopExecutor()

    init(
        scheme: CredentialScheme = .apiKey,
        streamsAtOnce: Int = 100,
        answersEarly: Bool = false,
        settings adjust: (inout BrokerSettings) -> Void = { _ in },
        reply: @escaping @Sendable (StreamTarget.Request) -> [StreamTarget.Step]
    ) async throws {
        let certificates = try TLSFiles(for: Self.name)
        target = try await StreamTarget(
            certificates,
            streamsAtOnce: streamsAtOnce,
            answersEarly: answersEarly,
            reply: reply
        )
        test = try await TestVault.make()
        var settings = BrokerSettings()
        settings.addresses = AddressRules(allowed: [try #require(NetworkRange("127.0.0.1/32"))])
        settings.trustedCertificates = certificates.certificate
        adjust(&settings)
        broker = try Broker(vault: test.vault, resolver: LoopbackResolver(), settings: settings)
        var credential = CreateCredentialBody(
            name: "Target",
            type: scheme,
            value: .text(Self.key),
            hosts: ["\(Self.name):\(target.port)"]
        )
        if scheme == .queryParameter { credential.parameter = "key" }
        _ = try await test.vault.createCredential(credential, by: test.localOperator)
        _ = try await test.createAgent("bot")
        let attached = try await test.vault.attachCredential(
            AttachCredentialBody(credentialId: "Target"),
            to: "bot",
            by: test.localOperator
        )
        token = try #require(attached.proxyToken)
    }

    func stop() async throws { try await target.stop() }

    /// What the trail says of each attempt, the last one first.
    func attempts() async throws -> [String] {
        let trail = try await test.vault.audit(PageRequest(), by: test.localOperator).entries
        return trail.filter { $0.action == "credential.use" }.map { "\($0)" }
    }

    /// Sends a request and takes the whole answer.
    func send(
        _ method: String,
        _ path: String,
        _ fields: HTTPFields = [:],
        body: [String]? = nil,
        length: Int? = nil,
        trailers: HTTPFields? = nil
    ) async throws -> Received {
        var fields = fields
        if body != nil, let length { fields[.contentLength] = "\(length)" }
        let isChunked = body != nil && length == nil
        let pieces = WholeBody(pieces: (body ?? []).map { ByteBuffer(string: $0) }, trailers: trailers)
        let answer = try await begin(method, path, fields, body: pieces, isChunked: isChunked)
        return try await withTaskExecutorPreference(executor) { try await Received(answer) }
    }

    /// Sends a request and returns when the head of the answer is there.
    func begin(
        _ method: String,
        _ path: String,
        _ fields: HTTPFields = [:],
        body: any AsyncSequence<ByteBuffer, any Error> & Sendable = WholeBody(pieces: [], trailers: nil),
        isChunked: Bool = false
    ) async throws -> ProxyAnswer {
        var fields = fields
        fields[.authorization] = "Bearer \(token)"
        fields[try #require(HTTPField.Name("X-Target-Url"))] = "https://\(Self.name):\(target.port)\(path)"
        if isChunked { fields[.transferEncoding] = "chunked" }
        let request = ProxyRequest(method: method, path: "/v1/proxy", fields: fields, body: body, executor: executor)
        return try await withTaskExecutorPreference(executor) { try await broker.forward(request) }
    }
}

private struct WholeBody: TrailingBody {
    let pieces: [ByteBuffer]
    let trailers: HTTPFields?

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: IndexingIterator<[ByteBuffer]>

        mutating func next() async throws -> ByteBuffer? { rest.next() }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: pieces.makeIterator()) }
}

/// A body that says when it is read.
private struct HeldBody: AsyncSequence, Sendable {
    let body: AsyncThrowingStream<ByteBuffer, any Error>
    let isAsked: AsyncStream<Void>.Continuation

    func makeAsyncIterator() -> AsyncThrowingStream<ByteBuffer, any Error>.AsyncIterator {
        isAsked.yield()
        return body.makeAsyncIterator()
    }
}
