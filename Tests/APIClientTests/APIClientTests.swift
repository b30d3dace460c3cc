// SPDX-License-Identifier: Apache-2.0

import APIClient
import APITypes
import Glibc
import Testing
import VaultModel

struct APIClientTests {
    /// Runs calls against a server that gives every request the same answer.
    private func calls(
        key: SharedSecret? = nil,
        answering answer: @escaping @Sendable (ReceivedRequest, Int) -> ScriptedAnswer,
        _ body: (APIClient) async throws -> Void
    ) async throws -> [ReceivedRequest] {
        try await ScriptedServer.run(answering: answer) { server in
            try await APIClient.withClient(
                of: ServerAddress(socketPath: server.path),
                key: key,
                userAgent: "attache/test",
                body
            )
        }
    }

    private static let entry = """
        {"id":"0197a3c2-5f0e-7cc1-9a55-0b6b4c1f2d3e","name":"A","kind":"secret","version":2,"mask":"***","note":"",
        "createdAt":"2026-01-31T09:30:00.000Z","updatedAt":"2026-01-31T09:30:00.000Z","agents":0,"intact":true,"empty":false}
        """

    private static let status = """
        {"workspace":{"id":"w","name":"Default","plan":"free",
        "usage":{"credentials":0,"agents":0,"requestsThisMonth":0},"limits":{"agents":1}},"role":"owner","secrets":0,"agents":0,"attachments":0,
        "liveInstances":0,"staleAgents":[],"expiring":[],
        "server":{"version":"1","masterKeyId":"k","activeEpoch":1,"storage":"sqlite"}}
        """

    // MARK: - Requests

    @Test func aNameIsOneSegmentWhateverItContains() async throws {
        let requests = try await calls(answering: { _, _ in .json(200, Self.entry) }) { client in
            _ = try await client.secret("a b?c#d%2F/日")
        }
        #expect(requests.map(\.uri) == ["/api/v1/secrets/a%20b%3Fc%23d%252F%2F%E6%97%A5"])
    }

    @Test(arguments: ["", ".", "..", "a\0b"])
    func aNameThatWouldMeanAnotherPathIsNotSent(name: String) async throws {
        let requests = try await calls(answering: { _, _ in .noContent }) { client in
            await #expect(throws: APIClientError.answer(ErrorBody(.notFound, "nothing has that name or id"))) {
                try await client.detach(name, from: "bot")
            }
        }
        #expect(requests.isEmpty)
    }

    @Test func aListTellsWhatItWants() async throws {
        let requests = try await calls(answering: { _, _ in .json(200, #"{"secrets":[],"nextCursor":"n"}"#) }) {
            client in
            let page = try await client.secrets(limit: 3, cursor: "a+b", matching: "x&y", kind: .variable)
            #expect(page == SecretPage(secrets: [], nextCursor: "n"))
        }
        #expect(requests.map(\.uri) == ["/api/v1/secrets?limit=3&cursor=a%2Bb&q=x%26y&kind=variable"])
    }

    @Test func aCreationCarriesItsValueAndAKeyOfItsOwn() async throws {
        let requests = try await calls(answering: { _, _ in .json(201, Self.entry) }) { client in
            for _ in 0..<2 {
                let value = SecretText(SharedSecret(copying: Array("v\"1".utf8)))
                _ = try await client.createSecret(CreateSecretBody(name: "A", kind: .secret, value: value))
            }
        }
        #expect(requests.count == 2)
        #expect(requests[0].method == "POST")
        #expect(requests[0].body.contains(#""value":"v\"1""#))
        #expect(requests[0].headers["content-type"] == "application/json")
        let keys = Set(requests.compactMap { $0.headers["idempotency-key"] })
        #expect(keys.count == 2)
    }

    @Test func aConditionalUpdateNamesTheVersion() async throws {
        let requests = try await calls(answering: { _, _ in .json(200, Self.entry) }) { client in
            _ = try await client.updateSecret("A", UpdateSecretBody(note: "n"), ifVersion: 7)
            _ = try await client.updateSecret("A", UpdateSecretBody(note: "n"))
        }
        #expect(requests.map(\.method) == ["PATCH", "PATCH"])
        #expect(requests.map { $0.headers["if-match"] } == ["\"7\"", nil])
        #expect(requests.map(\.body) == [#"{"note":"n"}"#, #"{"note":"n"}"#])
    }

    @Test func anImportSendsTheFilesAsTheyAreInAForm() async throws {
        let answer = """
            {"planId":"p","applied":false,"entries":[],"conflicts":[],"bundles":[],"skipped":[],"findings":[],"unlistedFindings":0,"attachedTo":[],"stale":[]}
            """
        let requests = try await calls(answering: { _, _ in .json(200, answer) }) { client in
            var options = ImportOptions()
            options.dryRun = true
            options.kind = .secret
            options.onExisting = .update
            options.attachTo = ["bot", "other one"]
            options.strict = true
            options.accept = ["W_DOLLAR", "W_BOM"]
            options.format = .env
            options.dialect = .node
            options.interpolation = .off
            options.planID = "p1"
            options.bundles = ["a/.env"]
            options.mergeOrder = ["x", "y"]
            options.choices = [ImportChoice(name: "A")]
            let file = SharedSecret(copying: Array("A=1\r\n".utf8))
            _ = try await client.importFiles([(name: "my \"own\" .env\n", contents: file)], options)
        }
        #expect(
            requests.map(\.uri) == [
                "/api/v1/secrets/import?dry_run=true&kind=secret&on_existing=update&attach=bot&attach=other%20one"
                    + "&strict=true&accept=W_DOLLAR%2CW_BOM&format=env&dialect=node&interpolate=off&plan=p1&bundle=a%2F.env&merge=x&merge=y"
            ]
        )
        let type = try #require(requests[0].headers["content-type"])
        let boundary = try #require(type.split(separator: "boundary=").last)
        #expect(type == "multipart/form-data; boundary=\(boundary)")
        #expect(
            requests[0].body.split(separator: "\r\n", omittingEmptySubsequences: false) == [
                "--\(boundary)", "Content-Disposition: form-data; name=\"choices\"", "Content-Type: application/json",
                "",
                #"{"choices":[{"name":"A"}]}"#, "--\(boundary)",
                #"Content-Disposition: form-data; name="file"; filename="my \"own\" .env%0A""#,
                "Content-Type: application/octet-stream", "", "A=1", "", "--\(boundary)--", "",
            ]
        )
    }

    @Test func theKeyIsSentWhereThereIsOne() async throws {
        let key = SharedSecret(copying: Array("ak_ws_x".utf8))
        let withKey = try await calls(key: key, answering: { _, _ in .json(200, Self.status) }) { client in
            _ = try await client.status()
        }
        let without = try await calls(answering: { _, _ in .json(200, Self.status) }) { client in
            _ = try await client.status()
        }
        #expect(withKey.map { $0.headers["authorization"] } == ["Bearer ak_ws_x"])
        #expect(without.map { $0.headers["authorization"] } == [nil])
        #expect(without.map { $0.headers["host"] } == ["localhost"])
    }

    @Test func anAddressIsReachedOverTCP() async throws {
        let requests = try await ScriptedServer.run(onPort: true, answering: { _, _ in .json(200, Self.status) }) {
            server in
            let port = try #require(server.port)
            try await APIClient.withClient(of: ServerAddress("http://127.0.0.1:\(port)/"), userAgent: "attache/test") {
                let status = try await $0.status()
                #expect(status.role == .owner)
            }
        }
        #expect(requests.map(\.uri) == ["/api/v1/workspace/status"])
    }

    // MARK: - Repetition

    @Test func aRequestThatWasCutOffIsSentAgainWithTheSameKey() async throws {
        let requests = try await calls(answering: { _, index in index == 0 ? .hangUp : .json(201, Self.entry) }) {
            client in
            let value = SecretText(SharedSecret(copying: Array("v".utf8)))
            _ = try await client.createSecret(CreateSecretBody(name: "A", kind: .secret, value: value))
        }
        #expect(requests.count == 2)
        #expect(requests[0].headers["idempotency-key"] == requests[1].headers["idempotency-key"])
    }

    @Test func aChangeWithoutAKeyIsNotSentAgain() async throws {
        let requests = try await calls(answering: { _, _ in .hangUp }) { client in
            await #expect(throws: APIClientError.unreachable(client.address, .connectionClosed)) {
                _ = try await client.updateSecret("A", UpdateSecretBody(note: "n"))
            }
        }
        #expect(requests.count == 1)
    }

    // MARK: - Answers

    @Test func anErrorOfTheServerKeepsItsFields() async throws {
        let body = ErrorBody(
            .stillAttached,
            "the entry is attached",
            hint: "detach it",
            agents: [NamedBody(id: "1", name: "bot")]
        )
        let text = """
            {"error":"the entry is attached","code":"still_attached","status":409,"hint":"detach it",
            "agents":[{"id":"1","name":"bot"}]}
            """
        _ = try await calls(answering: { _, _ in .json(409, text) }) { client in
            await #expect(throws: APIClientError.answer(body)) { try await client.deleteSecret("A") }
        }
    }

    @Test func anErrorWithANewCodeIsStillOne() async throws {
        let text = #"{"error":"slow down","code":"teapot_busy","status":429}"#
        _ = try await calls(answering: { _, _ in .json(429, text) }) { client in
            let expected = APIClientError.unfamiliarAnswer(
                status: 429,
                code: "teapot_busy",
                error: "slow down",
                hint: nil
            )
            await #expect(throws: expected) { _ = try await client.status() }
        }
    }

    @Test(arguments: [(200, "<html>"), (502, "<html>"), (302, "")])
    func whatIsNoAnswerOfTheAPIIsAnError(status: Int, text: String) async throws {
        _ = try await calls(answering: { _, _ in .json(status, text) }) { client in
            await #expect {
                _ = try await client.status()
            } throws: { error in
                if case APIClientError.protocolError = error { true } else { false }
            }
        }
    }

    // MARK: - Connections

    @Test func aSocketThatIsNotThereIsToldApartFromOneThatNobodyServes() async throws {
        _ = try await ScriptedServer.run(answering: { _, _ in .noContent }) { server in
            let missing = try ServerAddress(socketPath: server.path + "x")
            try await expect(.unreachable(missing, .noSuchSocket), at: missing)

            // Bound and not listening, as a server that was killed leaves its socket.
            let left = try ServerAddress(socketPath: server.path + "y")
            let descriptor = try bindSocket(at: server.path + "y")
            defer { close(descriptor) }
            try await expect(.unreachable(left, .nothingListens), at: left)
        }
    }

    private func bindSocket(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        return descriptor
    }

    @Test func aPortThatNobodyServesIsUnreachable() async throws {
        var address: ServerAddress?
        _ = try await ScriptedServer.run(onPort: true, answering: { _, _ in .noContent }) { server in
            address = try ServerAddress("http://127.0.0.1:\(try #require(server.port))")
        }
        let closed = try #require(address)
        try await expect(.unreachable(closed, .nothingListens), at: closed)
    }

    @Test func aFileWithoutCertificatesIsToldBeforeAnythingIsSent() async throws {
        let error = APIClientError.unusableCertificates(path: "/dev/null")
        await #expect(throws: error) {
            try await APIClient.withClient(
                of: ServerAddress("https://127.0.0.1:1"),
                certificates: "/dev/null",
                userAgent: "attache/test"
            ) { _ = try await $0.status() }
        }
    }

    private func expect(_ error: APIClientError, at address: ServerAddress) async throws {
        await #expect(throws: error) {
            try await APIClient.withClient(of: address, userAgent: "attache/test") { _ = try await $0.status() }
        }
    }
}
