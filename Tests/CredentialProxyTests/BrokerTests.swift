// SPDX-License-Identifier: Apache-2.0

import APITypes
import CredentialProxy
import HTTPTypes
import NIOCore
import ProxyRules
import Synchronization
import TestSupport
import Testing
import VaultCore
import VaultModel

struct BrokerTests {
    @Test func aNameIsLookedUpOnceSoThatItCannotRebindBetweenCheckAndConnection() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await Scene(target, answers: [["127.0.0.1"], ["169.254.169.254"]])
        let answer = try await scene.get("http://api.example.test:\(target.port)/")
        #expect(answer.status == 200)
        await answer.abandon()
        #expect(scene.resolver.lookups == 1)
        #expect(target.requests.first?.contains("host: api.example.test:\(target.port)\r\n") == true)
    }

    @Test(arguments: [
        (["169.254.169.254"], ProxyError.addressNotAllowed), (["127.0.0.1", "10.0.0.1"], .addressNotAllowed),
        (["127.0.0.1", "::1"], .addressNotAllowed), (["64:ff9b::7f00:1"], .addressNotAllowed), ([], .unresolved),
    ])
    func oneBadAddressSpoilsTheAnswerAndNothingIsOpened(addresses: [String], error: ProxyError) async throws {
        let target = try RecordingTarget { _ in [] }
        let scene = try await Scene(target, answers: [addresses])
        await #expect(throws: error) { _ = try await scene.get("http://api.example.test:\(target.port)/") }
        #expect(target.requests.isEmpty)
        let trail = try await scene.test.vault.audit(PageRequest(), by: scene.test.localOperator).entries
        #expect(trail.first?.action == "credential.use")
        #expect(trail.first?.allowed == false)
        #expect(trail.filter { $0.action == "credential.use" }.count == 1)
    }

    @Test(arguments: [(Duration.zero, 2, "127.0.0.2"), (.seconds(60), 1, "127.0.0.1")])
    func aConnectionIsUsedAgainOnlyWhileTheNameHasItsAddress(use: Duration, lookups: Int, second: String) async throws {
        let reply = { @Sendable (_: String) in
            [RecordingTarget.Piece.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
        }
        let first = try RecordingTarget(reply: reply)
        let other = try RecordingTarget(host: 2, port: first.port, reply: reply)
        let scene = try await Scene(first, answers: [["127.0.0.1"], ["127.0.0.2"]]) { $0.longestUseOfAddresses = use }
        for _ in 0..<2 {
            _ = try await scene.get("http://api.example.test:\(first.port)/").next()
        }
        #expect(scene.resolver.lookups == lookups)
        #expect(other.requests.count == lookups - 1)
        await scene.test.vault.settleAttempts()
        let trail = try await scene.test.vault.audit(PageRequest(), by: scene.test.localOperator).entries
        let uses = trail.filter { $0.action == "credential.use" }
        #expect(uses.map { $0.details["address"] } == [second, "127.0.0.1"])
    }

    @Test func anAnswerThatIsRefusedIsNotGoodForTheNextRequest() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await Scene(target, answers: [["169.254.169.254"], [], ["127.0.0.1"]])
        let url = "http://api.example.test:\(target.port)/"
        await #expect(throws: ProxyError.addressNotAllowed) { _ = try await scene.get(url) }
        await #expect(throws: ProxyError.unresolved) { _ = try await scene.get(url) }
        #expect(try await scene.get(url).status == 200)
    }

    /// A request that is sent anew is looked up anew, and the trail has where it went in the end.
    @Test func theAddressInTheTrailIsTheOneThatAnswered() async throws {
        let answers = Mutex(0)
        let first = try RecordingTarget { _ in
            let isFirst = answers.withLock { count in
                count += 1
                return count == 1
            }
            return isFirst ? [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] : []
        }
        let second = try RecordingTarget(host: 2, port: first.port) { _ in
            [.text("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")]
        }
        let scene = try await Scene(first, answers: [["127.0.0.1"], ["127.0.0.2"]])
        for status in [200, 202] {
            let answer = try await scene.get("http://api.example.test:\(first.port)/")
            #expect(answer.status == status)
            _ = try await answer.next()
        }
        #expect(second.requests.count == 1)
        await scene.test.vault.settleAttempts()
        let trail = try await scene.test.vault.audit(PageRequest(), by: scene.test.localOperator).entries
        let uses = trail.filter { $0.action == "credential.use" }
        #expect(uses.map { $0.details["address"] } == ["127.0.0.2", "127.0.0.1"])
    }

    @Test func aHostThatIsNotAllowedIsNotEvenLookedUp() async throws {
        let target = try RecordingTarget { _ in [] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]])
        await #expect(throws: ProxyError.host(.hostNotAllowed)) { _ = try await scene.get("http://evil.test/") }
        #expect(scene.resolver.lookups == 0)
    }

    @Test func aDamagedCredentialIsNeverSent() async throws {
        let target = try RecordingTarget { _ in [] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]])
        try await scene.damage()
        await #expect(throws: ProxyError.vault(.integrity(entry: "Target"))) {
            _ = try await scene.get("http://api.example.test:\(target.port)/")
        }
        #expect(target.requests.isEmpty)
    }

    @Test func anExpiredCredentialIsNeverSent() async throws {
        let target = try RecordingTarget { _ in [] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]])
        _ = try await scene.test.vault.updateCredential(
            "Target",
            UpdateCredentialBody(expiresAt: scene.test.clock.now + .seconds(60)),
            by: scene.test.localOperator
        )
        scene.test.clock.advance(by: .seconds(60))
        await #expect(throws: ProxyError.vault(.credentialExpired("Target"))) {
            _ = try await scene.get("http://api.example.test:\(target.port)/")
        }
        #expect(target.requests.isEmpty)
    }

    @Test func aTargetThatTakesNoConnectionIsTold() async throws {
        let port = try RecordingTarget { _ in [] }.port
        let target = try RecordingTarget { _ in [] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]], port: port)
        await #expect(throws: ProxyError.unreachable) { _ = try await scene.get("http://api.example.test:\(port)/") }
    }

    @Test func aTargetThatSpeaksNoTLSGetsNoCredential() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 400 Bad Request\r\n\r\n")] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]], scheme: "")
        await #expect(throws: ProxyError.self) { _ = try await scene.get("https://api.example.test:\(target.port)/") }
        #expect(target.requests.allSatisfy { !$0.contains(Scene.key) })
        let trail = try await scene.test.vault.audit(PageRequest(), by: scene.test.localOperator).entries
        #expect(trail.filter { $0.action == "credential.use" }.allSatisfy { !$0.allowed })
    }

    @Test func aTargetThatSaysNothingIsGivenUpAfterItsTimeAndThatIsRecorded() async throws {
        let target = try RecordingTarget { _ in [.untilClosed] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]]) { $0.firstByte = .milliseconds(100) }
        await #expect(throws: ProxyError.timedOut) {
            _ = try await scene.get("http://api.example.test:\(target.port)/")
        }
        #expect(await target.firstEnd == .closed)
        let use = try await scene.onlyUse()
        #expect(use.allowed)
        #expect(use.details["error"] == "target_timed_out")
        #expect(use.details["status"] == nil)
    }

    /// A grant that rests on what may have changed is read anew, and so are addresses; a count is never passed over.
    @Test func whatHasToBeWaitedForIsNotDoneWithoutATask() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]])
        let url = "http://api.example.test:\(target.port)/"
        #expect(try await scene.getNow(url) == nil)
        // With the first entry it becomes known what other programs have written, and what was read before is forgotten.
        _ = try await scene.text(of: scene.get(url))
        await scene.test.vault.settleAttempts()
        for _ in 0..<2 {
            _ = try await scene.text(of: scene.get(url))
            let answer = try #require(try await scene.getNow(url))
            #expect(try await scene.text(of: answer) == "ok")
            _ = try await scene.test.createAgent("agent-\(target.requests.count)")
            #expect(try await scene.getNow(url) == nil)
        }
        #expect(target.requests.count == 5)
        #expect(try await scene.uses().count == 5)
    }

    @Test func whatIsLimitedIsNotDoneWithoutATask() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]]) { $0.ofToken.perMinute = 2 }
        let url = "http://api.example.test:\(target.port)/"
        _ = try await scene.text(of: scene.get(url))
        #expect(try await scene.getNow(url) == nil)
        #expect(target.requests.count == 1)
    }

    @Test func aTargetThatSaysNothingOverAConnectionThatRestedIsGivenUpAfterItsTime() async throws {
        let target = try RecordingTarget { request in
            request.hasPrefix("GET /silent ")
                ? [.untilClosed] : [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
        }
        let scene = try await Scene(target, answers: [["127.0.0.1"]]) { $0.firstByte = .milliseconds(100) }
        // What was read before the first entry is forgotten with it.
        for _ in 0..<2 {
            _ = try await scene.text(of: scene.get("http://api.example.test:\(target.port)/"))
            await scene.test.vault.settleAttempts()
        }
        await #expect(throws: ProxyError.timedOut) {
            _ = try await scene.getNow("http://api.example.test:\(target.port)/silent")
        }
        #expect(await target.firstEnd == .closed)
        let use = try #require(try await scene.uses().first)
        #expect(use.allowed)
        #expect(use.details["error"] == "target_timed_out")
        #expect(use.details["status"] == nil)
    }

    @Test(arguments: [
        "Content-Length: 9\r\n\r\nfirst", "Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n", "\r\nfirst",
        "Content-Length: 9\r\n\r\n",
    ])
    func anAnswerThatStopsIsBrokenOffAfterItsTimeAndThatIsRecorded(reply: String) async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\n\(reply)"), .untilClosed] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]]) { $0.idle = .milliseconds(100) }
        let answer = try await scene.get("http://api.example.test:\(target.port)/")
        #expect(answer.status == 200)
        var text = ""
        await #expect(throws: ProxyError.timedOut) {
            while case .bytes(let bytes) = try await answer.next() { text += String(buffer: bytes) }
        }
        #expect(text == (reply.contains("first") ? "first" : ""))
        #expect(await target.firstEnd == .closed)
        let use = try await scene.onlyUse()
        #expect(use.allowed)
        #expect(use.details["error"] == "target_timed_out")
        #expect(use.details["status"] == "200")
        #expect(use.details["bytes"] == "\(text.utf8.count)")
    }

    /// The connection is closed, since the target must not take what it has for the whole: and that is no end of the answer.
    @Test func anAnswerUntilTheEndOfItsConnectionIsNotWholeWhereItsRequestIsTooLong() async throws {
        let target = try RecordingTarget(answersEarly: true) { _ in
            [.text("HTTP/1.1 200 OK\r\n\r\nfirst"), .untilClosed]
        }
        let scene = try await Scene(target, answers: [["127.0.0.1"]]) { $0.mostRequestBytes = 5 }
        let (body, feed) = AsyncThrowingStream<ByteBuffer, any Error>.makeStream()
        feed.yield(ByteBuffer(string: "abc"))
        let answer = try await scene.post("http://api.example.test:\(target.port)/", body)
        var text = ""
        await #expect(throws: ProxyError.requestTooLarge) {
            while case .bytes(let bytes) = try await answer.next() {
                text += String(buffer: bytes)
                feed.yield(ByteBuffer(string: "def"))
            }
        }
        #expect(text == "first")
        #expect(try await scene.onlyUse().details["error"] == "body_too_large")
    }

    @Test func aRequestThatCameThroughThisProxyIsNotForwardedAgain() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]])
        let url = "http://api.example.test:\(target.port)/"
        await (try scene.get(url)).abandon()
        let request = try #require(target.requests.first)
        let via = try #require(request.split(separator: "\r\n").first { $0.hasPrefix("via: ") })
        await #expect(throws: ProxyError.loop) { _ = try await scene.get(url, via: String(via.dropFirst(5))) }
    }

    @Test func aLongHeadIsSentWholeWithItsCredential() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await Scene(target, answers: [["127.0.0.1"]])
        let others = Array(repeating: "1.1 another", count: 300).joined(separator: ", ")
        await (try scene.get("http://api.example.test:\(target.port)/a?b", via: others)).abandon()
        let request = try #require(target.requests.first)
        let lines = request.split(separator: "\r\n", omittingEmptySubsequences: false)
        #expect(lines.first == "GET /a?b HTTP/1.1")
        #expect(lines.dropFirst().first == "host: api.example.test:\(target.port)")
        #expect(lines.contains { $0.hasPrefix("via: \(others), 1.1 attache-") })
        #expect(lines.suffix(3) == ["authorization: Bearer \(Scene.key)", "", ""])
    }
}

/// A vault with one credential for one name, and a proxy that asks the tests' own resolver.
private struct Scene {
    static let key = "sk-c4n4ry-0123456789"

    let test: TestVault
    let broker: Broker
    let resolver: RebindingResolver
    let token: String
    private let executor = LoopExecutor()

    init(
        _ target: RecordingTarget,
        answers: [[String]],
        scheme: String = "http://",
        port: UInt16? = nil,
        changing change: (inout BrokerSettings) -> Void = { _ in }
    ) async throws {
        test = try await TestVault.make()
        resolver = RebindingResolver(answers)
        var settings = BrokerSettings()
        settings.addresses = AddressRules(allowed: [try #require(NetworkRange("127.0.0.0/30"))])
        change(&settings)
        broker = try Broker(vault: test.vault, resolver: resolver, settings: settings)
        _ = try await test.vault.createCredential(
            CreateCredentialBody(
                name: "Target",
                type: .apiKey,
                value: .text(Self.key),
                hosts: ["\(scheme)api.example.test:\(port ?? target.port)"]
            ),
            by: test.localOperator
        )
        _ = try await test.createAgent("bot")
        let attached = try await test.vault.attachCredential(
            AttachCredentialBody(credentialId: "Target"),
            to: "bot",
            by: test.localOperator
        )
        token = try #require(attached.proxyToken)
    }

    func get(_ url: String, via: String? = nil) async throws -> ProxyAnswer {
        let request = request(url, via: via)
        return try await withTaskExecutorPreference(executor) { try await broker.forward(request) }
    }

    /// Sends a body as it comes.
    func post(_ url: String, _ body: AsyncThrowingStream<ByteBuffer, any Error>) async throws -> ProxyAnswer {
        var request = request(url)
        request.method = "POST"
        request.fields[.transferEncoding] = "chunked"
        request.body = body
        return try await withTaskExecutorPreference(executor) { [request] in try await broker.forward(request) }
    }

    /// Nil where something has to be waited for.
    func getNow(_ url: String) async throws -> ProxyAnswer? {
        let request = request(url)
        return try await withTaskExecutorPreference(executor) {
            try await withCheckedThrowingContinuation { continuation in
                do {
                    let call = try broker.forwardNow(request, ByteBuffer()) { answer in
                        continuation.resume(with: answer.map(Optional.some))
                    }
                    if call == nil { continuation.resume(returning: nil) }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }

    /// All of an answer's body, after which its connection rests.
    func text(of answer: ProxyAnswer) async throws -> String {
        try await withTaskExecutorPreference(executor) {
            var text = ""
            while case .bytes(let bytes) = try await answer.next() { text += String(buffer: bytes) }
            return text
        }
    }

    private func request(_ url: String, via: String? = nil) -> ProxyRequest {
        var fields: HTTPFields = [.authorization: "Bearer \(token)"]
        if let name = HTTPField.Name("X-Target-Url") { fields[name] = url }
        if let via { fields[.via] = via }
        let body = AsyncThrowingStream<ByteBuffer, any Error> { $0.finish() }
        return ProxyRequest(method: "GET", path: "/v1/proxy", fields: fields, body: body, executor: executor)
    }

    /// The one attempt that the trail tells of.
    func onlyUse() async throws -> AuditEntryBody {
        let uses = try await uses()
        #expect(uses.count == 1)
        return try #require(uses.first)
    }

    /// The attempts that the trail tells of, the last one first.
    func uses() async throws -> [AuditEntryBody] {
        await test.vault.settleAttempts()
        let trail = try await test.vault.audit(PageRequest(), by: test.localOperator).entries
        return trail.filter { $0.action == "credential.use" }
    }

    func damage() async throws {
        try await test.damageHosts()
    }
}

/// Gives another answer each time it is asked.
private final class RebindingResolver: Resolver {
    private let answers: [[String]]
    private let count = Mutex(0)

    var lookups: Int { count.withLock { $0 } }

    init(_ answers: [[String]]) {
        self.answers = answers
    }

    func addresses(of name: String) async throws -> [IPAddress] {
        let turn = count.withLock { count in
            count += 1
            return count - 1
        }
        return answers[min(turn, answers.count - 1)].compactMap { IPAddress($0) }
    }
}
