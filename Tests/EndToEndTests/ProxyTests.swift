// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import Synchronization
import TestSupport
import Testing

struct ProxyTests {
    @Test func aRequestReachesItsTargetWithTheCredentialAndTheAnswerComesBackWithoutIt() async throws {
        let target = try RecordingTarget { _ in
            [
                .text(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Echo: \(ProxyScene.key)\r\nContent-Length: 40\r\n\r\n"
                )
            ]
                + [.text("0123456789\(ProxyScene.key)")]
        }
        let scene = try await ProxyScene(target)
        let answer = try await scene.send("GET", "\(scene.base)/v1/x?q=1", fields: ["X-Custom: kept"])
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.contains("0123456789" + String(repeating: "*", count: 30)))
        #expect(!answer.contains(ProxyScene.key))
        let request = try #require(target.requests.first)
        #expect(request.hasPrefix("GET /v1/x?q=1 HTTP/1.1\r\nhost: 127.0.0.1:\(target.port)\r\n"))
        #expect(request.contains("\r\nauthorization: Bearer \(ProxyScene.key)\r\n"))
        #expect(request.contains("X-Custom: kept"))
        #expect(!request.contains("pxr_"))
        #expect(!request.lowercased().contains("x-target-url"))
    }

    @Test(arguments: SchemeCase.all)
    func eachSchemePutsItsValueWhereItBelongsAndEveryPartOfItComesBackMasked(scheme: SchemeCase) async throws {
        let parts = scheme.parts
        let target = try RecordingTarget { request in
            let part = parts[Int(request.dropFirst("GET /".count).prefix { $0.isNumber }) ?? 0]
            let head = "HTTP/1.1 200 OK\r\nX-Echo: <\(part)>\r\nContent-Length: \(part.utf8.count + 2)\r\n\r\n"
            return [.text("\(head)<\(part)>")]
        }
        let scene = try await ProxyScene(target, add: scheme.arguments, value: scheme.value)
        let fields = scheme.agentsOwn + ["X-Custom: kept"]
        for (number, part) in parts.enumerated() {
            let answer = try await scene.send("GET", "\(scene.base)/\(number)?q=1\(scheme.query)", fields: fields)
            let masked = "<\(String(repeating: "*", count: part.utf8.count))>"
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.contains("X-Echo: \(masked)\r\n"))
            #expect(answer.hasSuffix("\r\n\r\n\(masked)"))
            #expect(!answer.contains(part))
        }
        #expect(target.requests.count == parts.count)
        for (number, request) in target.requests.enumerated() {
            let common = ["host: 127.0.0.1:\(target.port)", "X-Custom: kept", "accept-encoding: identity"]
            let expected = ["GET /\(number)?q=1\(scheme.pair) HTTP/1.1"] + common + scheme.lines + ["", ""]
            #expect(request.components(separatedBy: "\r\n").filter { !$0.hasPrefix("via: ") } == expected)
        }
    }

    @Test(arguments: ["POST", "PUT", "PATCH", "DELETE"])
    func aBodyIsForwardedAsItIs(method: String) async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 204 No Content\r\n\r\n")] }
        let scene = try await ProxyScene(target)
        let answer = try await scene.send(method, "\(scene.base)/", fields: ["Content-Length: 11"], body: "hello=world")
        #expect(answer.hasPrefix("HTTP/1.1 204"))
        #expect(target.requests.first?.hasSuffix("\r\n\r\nhello=world") == true)
        #expect(target.requests.first?.hasPrefix("\(method) / ") == true)
    }

    @Test func theTokenIsLookedAtBeforeAllElse() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target)
        let wrong = ["X-Target-Method: G(T", "X-Target-Url: https://again.test/"]
        for fields in [[wrong[0]], [wrong[1]], wrong] {
            let request = scene.request("GET", "\(scene.base)/", fields: fields)
            #expect(try await scene.exchange(request).hasPrefix("HTTP/1.1 400"))
            let guess = request.replacing(scene.token, with: String(scene.token.dropLast(8)) + "00000000")
            #expect(try await scene.exchange(guess).hasPrefix("HTTP/1.1 401"))
        }
        #expect(target.requests.isEmpty)
        let trail = try await scene.waitForAudit("credential.use")
        #expect(trail.contains("target_invalid") && trail.contains("invalid_field"))
        // A proxy token names its credential itself.
        let names = ["X-Credential-Name: Other", "X-Credential-Name: Another"]
        #expect(try await scene.send("GET", "\(scene.base)/", fields: names).hasPrefix("HTTP/1.1 200"))
    }

    @Test func theMethodOfTheTargetMayBeSaidApart() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target)
        _ = try await scene.send("POST", "\(scene.base)/", fields: ["X-Target-Method: DELETE", "Content-Length: 0"])
        #expect(target.requests.first?.hasPrefix("DELETE / ") == true)
    }

    @Test(arguments: ["x-api-key: TOKEN", "Authorization: Bearer TOKEN", "x-goog-api-key: TOKEN"])
    func anSDKPutsTheTokenWhereItPutsItsKey(field: String) async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")] }
        let scene = try await ProxyScene(target)
        let answer = try await scene.exchange(
            "GET /v1/via/target/v1/models?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + "\(field.replacing("TOKEN", with: scene.token))\r\n\r\n"
        )
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        let request = try #require(target.requests.first)
        #expect(request.hasPrefix("GET /v1/models?a=b HTTP/1.1\r\n"))
        #expect(request.contains("authorization: Bearer \(ProxyScene.key)"))
        #expect(!request.contains(scene.token))
    }

    @Test func aWorkspaceKeyNamesItsCredentialInAnyCase() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target)
        let key = try #require(scene.server.workspaceKey)
        let head = "GET /v1/proxy HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Target-Url: \(scene.base)/\r\n"
        let named = try await scene.exchange("\(head)Authorization: Bearer \(key)\r\nX-Credential-Name: TARGET\r\n\r\n")
        #expect(named.hasPrefix("HTTP/1.1 200"))
        let unnamed = try await scene.exchange("\(head)Authorization: Bearer \(key)\r\n\r\n")
        #expect(unnamed.contains("\"code\":\"invalid_field\""))
        #expect(target.requests.count == 1)
        #expect(target.requests.allSatisfy { !$0.contains("ak_ws_") })
    }

    @Test func aTokenEndsWithItsAttachmentAndARotationLeavesTheOldOneItsGrace() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target)
        #expect(try await scene.send("GET", "\(scene.base)/").hasPrefix("HTTP/1.1 200"))
        let rotated = try await scene.operatorRequest("POST", "/api/v1/agents/bot/credentials/Target/rotate")
        #expect(rotated.contains("pxr_"))
        #expect(try await scene.send("GET", "\(scene.base)/").hasPrefix("HTTP/1.1 200"))
        #expect(try await scene.server.attache("credentials", "detach", "bot", "Target").status == 0)
        let refused = try await scene.send("GET", "\(scene.base)/")
        #expect(refused.hasPrefix("HTTP/1.1 401"))
        #expect(refused.contains("token_revoked"))
        #expect(target.requests.count == 2)
    }

    @Test func anEventIsThereBeforeTheTargetSaysMore() async throws {
        let target = try RecordingTarget { _ in
            [
                .text("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"),
                .text("d\r\ndata: first\n\n\r\n"), .untilClosed,
            ]
        }
        let scene = try await ProxyScene(target)
        // The target holds the rest until the agent is gone: the event has to come by itself.
        let answer = try await scene.exchange(scene.request("GET", "\(scene.base)/"), until: "data: first\n\n")
        #expect(answer.contains("data: first\n\n"))
        #expect(await target.firstEnd == .closed)
        try await scene.waitForAudit("broken_off", "target_answer_invalid")
    }

    @Test func aLongAnswerIsNeverHeldWhole() async throws {
        let length = 48 << 20
        let content = [UInt8](repeating: 0x61, count: length)
        let target = try RecordingTarget { request in
            request.hasPrefix("GET /long")
                ? [.text("HTTP/1.1 200 OK\r\nContent-Length: \(length)\r\n\r\n"), .bytes(content)]
                : [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
        }
        let scene = try await ProxyScene(target)
        _ = try await scene.send("GET", "\(scene.base)/first")
        let before = try scene.server.peakMemory
        let answer = try await scene.send("GET", "\(scene.base)/long")
        #expect(answer.utf8.count > length)
        let added = try scene.server.peakMemory - before
        #expect(added < length >> 11, "\(added) KiB")
    }

    @Test func aLongUploadIsNeverHeldWholeHoweverLateItsTargetReads() async throws {
        let length = 48 << 20
        let mayRead = DispatchSemaphore(value: 0)
        let target = try RecordingTarget(answersEarly: true) { request in
            let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            guard request.hasPrefix("POST ") else { return [.text(answer)] }
            let come = request.components(separatedBy: "\r\n\r\n")[1].utf8.count
            return [.call { _ = mayRead.wait(timeout: .now() + 20) }, .take(length - come), .text(answer)]
        }
        let scene = try await ProxyScene(target)
        _ = try await scene.send("GET", "\(scene.base)/first")
        let before = try scene.server.peakMemory
        let body = String(repeating: "0123456789abcdef", count: length / 16)
        let request = scene.request("POST", "\(scene.base)/", fields: ["Content-Length: \(length)"], body: body)
        // Where nothing more goes in, the target begins to read; where all went in, somebody holds it.
        let answer = try await scene.exchange(request) { mayRead.signal() }
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        let added = try scene.server.peakMemory - before
        #expect(added < length >> 11, "\(added) KiB")
        let arrived = target.requests.dropFirst().joined().components(separatedBy: "\r\n\r\n").last
        #expect(arrived == body, "\(arrived?.utf8.count ?? 0) bytes")
    }

    @Test func anAgentThatLeavesBeforeTheAnswerEndsItsRequestAtTheTargetAtOnce() async throws {
        let (asked, ask) = AsyncStream.makeStream(of: Void.self)
        let target = try RecordingTarget { _ in
            ask.finish()
            return [.untilClosed]
        }
        let scene = try await ProxyScene(target)
        let agent = try SocketConnection(to: scene.server.socket)
        try agent.send(scene.request("GET", "\(scene.base)/"))
        for await _ in asked {}
        agent.close()
        // Long before the 300 seconds that a target may take.
        #expect(await target.firstEnd == .closed)
        try await scene.waitForAudit("broken_off")
    }

    @Test func requestsOfOneConnectionAreAnsweredInTheirOrderWhoeverAnswersThem() async throws {
        let target = try RecordingTarget { request in
            let path = request.split(separator: " ")[1]
            return [.text("HTTP/1.1 200 OK\r\nContent-Length: \(path.utf8.count)\r\n\r\n\(path)")]
        }
        let scene = try await ProxyScene(target)
        func proxied(_ path: String, body: String = "") -> String {
            scene.request("POST", scene.base + path, fields: ["Content-Length: \(body.utf8.count)"], body: body)
                .replacing("Connection: close\r\n", with: "")
        }
        let ready = "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n"
        let requests = proxied("/one") + ready + proxied("/two", body: "body") + proxied("/three") + ready
        let answers = try await scene.exchange(
            requests + scene.request("GET", scene.base + "/four"),
            at: scene.server.socket
        )
        let marks = ["/one", "HTTP/1.1 200", "/two", "/three", "HTTP/1.1 200", "/four"]
        var rest = answers[...]
        for mark in marks {
            let found = try #require(rest.range(of: mark), "\(mark) in \(answers)")
            rest = rest[found.upperBound...]
        }
        #expect(answers.components(separatedBy: "HTTP/1.1 200 OK").count == marks.count + 1)
        #expect(target.requests.count == 4)
        #expect(target.requests.contains { $0.hasSuffix("\r\n\r\nbody") })
    }

    @Test(arguments: ["Content-Length: 7", "Transfer-Encoding: chunked"])
    func anAnswerToHeadHasNoBodyWhateverItsFieldsSay(framing: String) async throws {
        let target = try RecordingTarget { _ in
            [.text("HTTP/1.1 200 OK\r\n\(framing)\r\nX-Is: there\r\n\r\n"), .untilClosed]
        }
        let scene = try await ProxyScene(target)
        let answer = try await scene.send("HEAD", "\(scene.base)/")
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(answer.contains("X-Is: there"))
        try await scene.waitForAudit("\"200\"")
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    ])
    func anAnswerThatBreaksOffDoesNotLookWhole(reply: String) async throws {
        let target = try RecordingTarget { _ in [.text(reply)] }
        let scene = try await ProxyScene(target)
        let answer = try await scene.send("GET", "\(scene.base)/")
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(!answer.hasSuffix("0\r\n\r\n"))
        #expect(answer.contains("Content-Length: 100") || answer.lowercased().contains("chunked"))
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly", "early"),
        ("HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nearly", "early"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nearly", "early"),
        ("no HTTP\r\n\r\n", "target_answer_invalid"),
    ])
    func anAnswerThatComesBeforeTheBodyIsWholeHurtsNobody(reply: String, mark: String) async throws {
        let target = try RecordingTarget(answersEarly: true) { _ in [.text(reply)] }
        let scene = try await ProxyScene(target)
        // On a connection that stays, so that the server goes on reading where the proxy stopped.
        let request = scene.request("POST", "\(scene.base)/", fields: ["Content-Length: 1000"], body: "0123456789")
            .replacing("Connection: close\r\n", with: "")
        for _ in 0..<3 {
            #expect(try await scene.exchange(request, until: mark).contains(mark))
        }
        #expect(try await scene.server.attache("status").status == 0)
    }

    @Test(arguments: [
        ("PUT", 5, 3), ("DELETE", 5, 3), ("GET", 0, 3), ("POST", 5, 2), ("PATCH", 5, 2), ("PUT", (1 << 20) + 1, 2),
    ])
    func whatCanBeDoneTwiceIsSentAgainWhereAWaitingConnectionEnds(method: String, length: Int, sent: Int) async throws {
        let count = Atomic(0)
        let target = try RecordingTarget { _ in
            // The second request, on the connection of the first one, finds it closed.
            count.add(1, ordering: .relaxed).newValue == 2
                ? [] : [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
        }
        let scene = try await ProxyScene(target)
        let body = String(repeating: "b", count: length)
        let first = scene.request("GET", "\(scene.base)/first").replacing("Connection: close\r\n", with: "")
        let fields = length > 0 ? ["Content-Length: \(length)"] : []
        let second = scene.request(method, "\(scene.base)/second", fields: fields, body: body)
        let answers = try await scene.exchange(first + second)
        #expect(answers.hasPrefix("HTTP/1.1 200"))
        #expect(answers.contains("HTTP/1.1 502") == (sent == 2))
        #expect(answers.hasSuffix("ok") == (sent == 3))
        #expect(target.requests.count == sent)
        #expect(target.requests.dropFirst().allSatisfy { $0.hasSuffix("\r\n\r\n\(body)") })
        let trail = try await scene.server.attache("audit", "list", "--json").output
        #expect(trail.components(separatedBy: "/second").count == 2)
    }

    /// The agent stays, and what it sends is no body.
    @Test(.timeLimit(.minutes(1)))
    func aBodyThatCannotBeReadEndsTheRequestAtOnce() async throws {
        let target = try RecordingTarget(answersEarly: true) { _ in [.untilClosed] }
        let scene = try await ProxyScene(target)
        let fields = ["Transfer-Encoding: chunked", "Expect: 100-continue"]
        let head = scene.request("POST", "\(scene.base)/", fields: fields)
            .replacing("Connection: close\r\n", with: "")
        let goOn = "HTTP/1.1 100 Continue\r\n\r\n"
        let answer = try await scene.exchange(head, until: goOn, thenSending: "5\r\nhello\r\nno length\r\n")
        #expect(answer.hasPrefix("\(goOn)HTTP/1.1 400"))
        #expect(answer.contains("invalid_request"))
        try await scene.waitForAudit("broken_off")
        // Where it comes with its head nothing is sent at all.
        let atOnce = scene.request(
            "POST",
            "\(scene.base)/",
            fields: ["Transfer-Encoding: chunked"],
            body: "no length\r\n"
        )
        #expect(try await scene.exchange(atOnce).hasPrefix("HTTP/1.1 400"))
        #expect(target.requests.count == 1)
    }

    @Test func aClientThatWaitsWithItsBodyIsToldToSendIt() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target)
        let fields = ["Content-Length: 5", "Expect: 100-continue"]
        let request = scene.request("POST", "\(scene.base)/", fields: fields)
        #expect(try await scene.exchange(request, until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
        let answer = try await scene.exchange(request + "hello")
        #expect(answer.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"))
        // What the first one left behind may have come later.
        #expect(target.requests.contains { $0.hasSuffix("\r\n\r\nhello") })
        #expect(target.requests.allSatisfy { !$0.lowercased().contains("expect") })
    }

    @Test func trailersFollowTheBodyWithoutWhatAuthenticates() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target)
        let fields = ["Transfer-Encoding: chunked", "Trailer: X-Sum"]
        let trailers = "X-Sum: 15\r\nX-Api-Key: mine\r\nX-Mine: \(scene.token)\r\n"
        let body = "5\r\nhello\r\n0\r\n\(trailers)\r\n"
        let answer = try await scene.send("POST", "\(scene.base)/", fields: fields, body: body)
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(target.requests.first?.hasSuffix("\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 15\r\n\r\n") == true)
    }

    @Test func whatATargetSendsBehindItsAnswerIsNobodysAnswer() async throws {
        let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\(poison)")] }
        let scene = try await ProxyScene(target)
        for _ in 0..<3 {
            let answer = try await scene.send("GET", "\(scene.base)/")
            #expect(answer.hasSuffix("\r\n\r\nok"))
        }
    }

    @Test(arguments: ["HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"])
    func anAnswerThatEndsWithItsConnectionIsWhole(head: String) async throws {
        let target = try RecordingTarget { _ in [.text(head), .text("until "), .text("the end")] }
        let scene = try await ProxyScene(target)
        for _ in 0..<2 {
            let answer = try await scene.send("GET", "\(scene.base)/")
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.hasSuffix("\r\n0\r\n\r\n"))
            let pieces = answer.components(separatedBy: "\r\n\r\n")[1].components(separatedBy: "\r\n")
            #expect(stride(from: 1, to: pieces.count, by: 2).map { pieces[$0] }.joined() == "until the end")
        }
        let trail = try await scene.waitForAudit("\"200\"")
        #expect(!trail.contains("broken_off") && !trail.contains("target_answer_invalid"))
    }

    @Test func whatIsLongerThanTheOperatorAllowsIsRefusedOrBrokenOff() async throws {
        let target = try RecordingTarget { request in
            request.hasPrefix("GET /announced")
                ? [.text("HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n\(String(repeating: "a", count: 40))")]
                : [.text("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(String(repeating: "a", count: 40))")]
        }
        let variables = ["ATTACHE_PROXY_REQUEST_BYTES": "20", "ATTACHE_PROXY_ANSWER_BYTES": "30"]
        let scene = try await ProxyScene(target, environment: variables)
        let long = String(repeating: "b", count: 21)
        let announced = try await scene.send("POST", "\(scene.base)/", fields: ["Content-Length: 21"], body: long)
        #expect(announced.hasPrefix("HTTP/1.1 413"))
        #expect(target.requests.isEmpty)
        let chunks = "15\r\n\(long)\r\n0\r\n\r\n"
        let counted = try await scene.send(
            "POST",
            "\(scene.base)/",
            fields: ["Transfer-Encoding: chunked"],
            body: chunks
        )
        #expect(counted.hasPrefix("HTTP/1.1 413"))
        #expect(target.requests.allSatisfy { !$0.contains(long) })
        #expect(try await scene.send("GET", "\(scene.base)/announced").hasPrefix("HTTP/1.1 502"))
        let broken = try await scene.send("GET", "\(scene.base)/endless")
        #expect(!broken.hasSuffix("0\r\n\r\n"))
        try await scene.waitForAudit("answer_too_large")
    }

    @Test func anAgentThatSendsMoreThanItMayIsToldWhenToTryAgain() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")] }
        let scene = try await ProxyScene(target, environment: ["ATTACHE_PROXY_RATE": "2"])
        for _ in 0..<2 { #expect(try await scene.send("GET", "\(scene.base)/").hasPrefix("HTTP/1.1 200")) }
        let limited = try await scene.send("GET", "\(scene.base)/")
        #expect(limited.hasPrefix("HTTP/1.1 429"))
        #expect(limited.contains("Retry-After: "))
        #expect(target.requests.count == 2)
    }

    /// The token that the credential holds makes the request good for itself, and the server's own address is among its hosts.
    @Test(arguments: ["/v1/via/Target/v1/via/Target/x", "/v1/proxy"])
    func aCredentialThatLeadsBackToTheServerEndsAtTheSecondRequest(path: String) async throws {
        let scene = try await ProxyScene(try RecordingTarget { _ in [] })
        let own = "http://\(scene.server.address)"
        let hosts = try await scene.server.attache("credentials", "update", "Target", "--host", own)
        try #require(hosts.status == 0, "\(hosts.errors)")
        let value = try await scene.server.attache("credentials", "update", "Target", input: Array(scene.token.utf8))
        try #require(value.status == 0, "\(value.errors)")
        let answer = try await scene.exchange(
            "GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Target-Url: \(own)/v1/via/Target/x\r\n"
                + "Authorization: Bearer \(scene.token)\r\n\r\n"
        )
        #expect(answer.hasPrefix("HTTP/1.1 403"))
        #expect(answer.contains("\"code\":\"target_loop\""), "\(answer)")
        // The agent's own request was sent, and what answers it is the target of that.
        #expect(!answer.lowercased().contains("attache-error"))
        let trail = try await scene.waitForAudit("\"403\"")
        #expect(trail.components(separatedBy: "\"target_loop\"").count == 2)
        #expect(trail.components(separatedBy: "\"milliseconds\"").count == 2)
    }

    @Test func everyAttemptIsInTheAuditTrailAndNoValueIs() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 418 Teapot\r\nContent-Length: 2\r\n\r\nno")] }
        let scene = try await ProxyScene(target)
        _ = try await scene.send("GET", "\(scene.base)/a?secret=c4n4ry-query")
        _ = try await scene.send("GET", "https://evil.test/")
        let trail = try await scene.waitForAudit("418")
        for part in ["credential.use", "/a?secret=", "127.0.0.1", "target_not_allowed", "https://evil.test/"] {
            #expect(trail.contains(part), "\(part)")
        }
        for part in [ProxyScene.key, "c4n4ry-query", scene.token] { #expect(!trail.contains(part)) }
        for part in [ProxyScene.key, "c4n4ry-query", scene.token] { #expect(!scene.server.log.contains(part)) }
    }

    @Test func aStartedProcessUsesItsOwnTokenAndBaseURLAndNeverHasTheCredential() async throws {
        let target = try RecordingTarget { _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")] }
        let scene = try await ProxyScene(target, serve: ["--agent-url", "http://127.0.0.1:1/"])
        let environment = try await scene.server.environment(of: scene.gatewayToken)
        let token = try #require(environment["TARGET"])
        let url = try #require(environment["TARGET_BASE_URL"])
        #expect(environment.count == 2)
        #expect(token.hasPrefix("pxr_") && token != scene.token)
        #expect(url.hasPrefix("http://127.0.0.1:1/v1/via/"))
        let path = url.dropFirst("http://127.0.0.1:1".count)
        let answer = try await scene.exchange(
            "GET \(path)/v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer \(token)\r\n\r\n"
        )
        #expect(answer.hasPrefix("HTTP/1.1 200"))
        #expect(target.requests.first?.contains("authorization: Bearer \(ProxyScene.key)") == true)
    }

    @Test func aStartWithoutAWayToTheProxyFailsAndSaysSo() async throws {
        let target = try RecordingTarget { _ in [] }
        let scene = try await ProxyScene(target)
        let result = try await scene.server.exec(token: scene.gatewayToken, ["/bin/true"])
        #expect(result.status == 125)
        #expect(result.errors.contains("proxy_address_missing"))
    }
}

/// A scheme with a value of it, what an agent sends in the same places, and what arrives.
struct SchemeCase: Sendable, CustomTestStringConvertible {
    let name: String
    var flags: [String] = []
    let value: String
    /// What of the value must not come back, each by itself.
    let parts: [String]
    /// Fields of the agent's that the credential's take the places of.
    var agentsOwn: [String] = []
    /// Parameters of the agent's that the credential's takes the place of.
    var query = ""
    /// The header lines that the credential sets.
    var lines: [String] = []
    /// The end of the query that the credential sets.
    var pair = ""

    var arguments: [String] { ["--type", name] + flags }
    var testDescription: String { ([name] + flags).joined(separator: " ") }

    static let all = [
        SchemeCase(
            name: "API_KEY",
            value: "sk-c4n4ry/+0123",
            parts: ["sk-c4n4ry/+0123"],
            agentsOwn: ["X-Api-Key: agents-own"],
            lines: ["authorization: Bearer sk-c4n4ry/+0123"]
        ),
        SchemeCase(
            name: "COOKIE",
            value: "session=c4n4ry-s3ssion; theme=c4n4ry=th3me",
            parts: ["session=c4n4ry-s3ssion; theme=c4n4ry=th3me", "c4n4ry-s3ssion", "c4n4ry=th3me"],
            agentsOwn: ["Cookie: session=agents-own"],
            lines: ["cookie: session=c4n4ry-s3ssion; theme=c4n4ry=th3me"]
        ),
        SchemeCase(
            name: "BASIC_AUTH",
            value: "user:c4n4ry:p4ss",
            parts: ["user:c4n4ry:p4ss", "c4n4ry:p4ss"],
            lines: ["authorization: Basic dXNlcjpjNG40cnk6cDRzcw=="]
        ),
        SchemeCase(
            name: "BASIC_AUTH",
            value: "c4n4ry-key:",
            parts: ["c4n4ry-key:", "c4n4ry-key"],
            lines: ["authorization: Basic YzRuNHJ5LWtleTo="]
        ),
        SchemeCase(
            name: "CUSTOM_HEADER",
            flags: ["--header", "X-Service-Key", "--prefix", "Token "],
            value: "c4n4ry-h34der",
            parts: ["c4n4ry-h34der"],
            agentsOwn: ["x_service_key: agents-own"],
            lines: ["X-Service-Key: Token c4n4ry-h34der"]
        ),
        SchemeCase(
            name: "CUSTOM_HEADER",
            value: "X-Client-Id: c4n4ry-client\nX-Client-Secret:c4n4ry:s3cret \r\nX-Mode: live\n",
            parts: ["c4n4ry-client", "c4n4ry:s3cret"],
            agentsOwn: ["X-Client-Id: agents-own", "x-client_secret: agents-own", "X-Mode: agents-own"],
            lines: ["X-Client-Id: c4n4ry-client", "X-Client-Secret: c4n4ry:s3cret", "X-Mode: live"]
        ),
        SchemeCase(
            name: "QUERY_PARAM",
            flags: ["--parameter", "key"],
            value: "c4n4ry/+&=?#%k3y",
            parts: ["c4n4ry/+&=?#%k3y", "c4n4ry%2F%2B%26%3D%3F%23%25k3y"],
            query: "&key=agents-own&KEY=agents-own&%6Bey=agents-own",
            pair: "&key=c4n4ry%2F%2B%26%3D%3F%23%25k3y"
        ),
    ]
}
