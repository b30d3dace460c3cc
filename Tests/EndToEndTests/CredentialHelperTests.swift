// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `docker-credential-attache`, as docker and podman call it.
struct CredentialHelperTests {
    private let server: RunningServer
    private let program: String

    init() async throws {
        server = try await RunningServer.start()
        program = server.directory.appending("docker-credential-attache")
        try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: Programs.attache)
    }

    private func helper(
        _ action: String,
        _ input: String = "",
        environment: [String: String] = [:]
    ) async throws -> CommandResult {
        let variables = ["ATTACHE_SOCKET": server.socket, "PATH": "/usr/bin:/bin"].merging(environment) { $1 }
        return try await run(program, [action], environment: variables, input: Array(input.utf8))
    }

    private static let login = #"{"ServerURL":"https://ghcr.io/v2/","Username":"bot","Secret":"p\"ss"}"#

    @Test func whatIsStoredIsGotAndListedAndErased() async throws {
        #expect(try await helper("store", Self.login).status == 0)
        let got = try await helper("get", "https://ghcr.io/v2/\n")
        #expect(got.output == #"{"Secret":"p\"ss","ServerURL":"https://ghcr.io/v2/","Username":"bot"}"# + "\n")
        #expect(try await helper("list").output == #"{"https://ghcr.io/v2/":"bot"}"# + "\n")
        #expect(try await helper("erase", "https://ghcr.io/v2/").status == 0)
        #expect(try await helper("list").output == "{}\n")
        let gone = try await helper("get", "https://ghcr.io/v2/")
        #expect(gone.status == 1)
        #expect(gone.output == "credentials not found in native keychain\n")
    }

    @Test func aSecondLoginTakesThePlaceOfTheFirst() async throws {
        #expect(try await helper("store", Self.login).status == 0)
        let again = #"{"ServerURL":"https://ghcr.io/v2/","Username":"<token>","Secret":"new"}"#
        #expect(try await helper("store", again).status == 0)
        #expect(try await helper("list").output == #"{"https://ghcr.io/v2/":"<token>"}"# + "\n")
        let shown = try await server.attache("secrets", "list", "--json")
        #expect(!shown.output.contains("\"new\""))
    }

    @Test func eachAgentHasItsOwn() async throws {
        #expect(try await helper("store", Self.login).status == 0)
        let other = try await helper("get", "https://ghcr.io/v2/", environment: ["ATTACHE_REGISTRY_AGENT": "builds"])
        #expect(other.output == "credentials not found in native keychain\n")
        #expect(other.status == 1)
    }

    @Test(arguments: ["get", "erase"])
    func whatIsNotThereIsSaidInTheWordsOfTheProtocol(action: String) async throws {
        let result = try await helper(action, "nowhere.example")
        #expect(result.status == 1)
        #expect(result.output == "credentials not found in native keychain\n")
    }

    @Test(arguments: [("get", ""), ("erase", " \n"), ("get", "two words"), ("store", "{}"), ("store", "no json")])
    func whatIsMalformedIsSaidOnStandardOutput(action: String, input: String) async throws {
        let result = try await helper(action, input)
        #expect(result.status == 1)
        #expect(!result.output.isEmpty)
        #expect(try await helper("list").output == "{}\n")
    }

    @Test func anUnknownActionIsWrongUsage() async throws {
        #expect(try await helper("nonsense").status == 2)
        #expect(try await helper("version").output.hasPrefix("docker-credential-attache "))
    }

    @Test func withoutAServerDockerIsToldWhy() async throws {
        server.signal(SIGKILL)
        _ = await server.waitForExit()
        let result = try await helper("get", "ghcr.io")
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("no server at "))
    }
}
