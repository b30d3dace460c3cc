// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import Testing

struct WrapperTests {
    /// Makes two folders with an `attache-exec` each and lends their paths.
    private func withFolders(_ body: (_ beside: String, _ inPath: String) throws -> Void) throws {
        let folder = "/tmp/attache-wrapper-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["beside", "path"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
            let path = "\(folder)/\(name)/attache-exec"
            try #require(FileManager.default.createFile(atPath: path, contents: nil))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        try body("\(folder)/beside", "\(folder)/path")
    }

    @Test func itIsTakenFromBesideTheProgramBeforePath() throws {
        try withFolders { beside, path in
            let environment = ["PATH": "relative:/nonexistent:\(path)"]
            let first = try Wrapper.find(environment: environment, programFolder: beside)
            #expect(first.path == "\(beside)/attache-exec")
            let second = try Wrapper.find(environment: environment, programFolder: "/nonexistent")
            #expect(second.path == "\(path)/attache-exec")
            #expect(throws: CommandError.wrapperMissing(path: nil)) {
                _ = try Wrapper.find(environment: ["PATH": "/nonexistent"], programFolder: nil)
            }
        }
    }

    @Test func anAddressOfTLSTakesTheOtherProgram() throws {
        try withFolders { beside, path in
            let tls = "\(path)/attache-exec-tls"
            try FileManager.default.moveItem(atPath: "\(path)/attache-exec", toPath: tls)
            let found = try Wrapper.find(environment: ["PATH": path], address: "https://x", programFolder: beside)
            #expect(found.path == tls)
        }
    }

    @Test func theAuthoritiesOfTheLoginGoWithItsAddress() {
        let environment = Wrapper.environment(from: [:], token: "gwt_x", address: "https://x", certificates: "/ca.pem")
        #expect(environment["ATTACHE_CA_FILE"] == "/ca.pem")
        #expect(environment["ATTACHE_ADDRESS"] == "https://x")
    }

    @Test func aPathThatWasNamedIsTheOnlyOne() throws {
        try withFolders { beside, path in
            let named = try Wrapper.find(
                environment: ["ATTACHE_EXEC_PATH": "\(path)/attache-exec"],
                programFolder: beside
            )
            #expect(named.path == "\(path)/attache-exec")
            #expect(throws: CommandError.wrapperMissing(path: path)) {
                _ = try Wrapper.find(environment: ["ATTACHE_EXEC_PATH": path], programFolder: beside)
            }
        }
    }

    @Test func theOperatorsOwnSettingsStayBehind() {
        let environment = Wrapper.environment(
            from: [
                "PATH": "/bin", "ATTACHE_API_KEY": "k", "ATTACHE_API_KEY_FILE": "f", "ATTACHE_GATEWAY_TOKEN_FILE": "f",
                "ATTACHE_SOCKET": "/s", "ATTACHE_CA_FILE": "c", "ATTACHE_KEEP": "HOME", "ATTACHE_ADDRESS": "https://x",
            ],
            token: "gwt_x",
            address: "unix:///run/agent.sock"
        )
        #expect(
            environment == [
                "PATH": "/bin", "ATTACHE_KEEP": "HOME", "ATTACHE_SESSION": "1", "ATTACHE_GATEWAY_TOKEN": "gwt_x",
                "ATTACHE_ADDRESS": "unix:///run/agent.sock",
            ]
        )
    }
}
