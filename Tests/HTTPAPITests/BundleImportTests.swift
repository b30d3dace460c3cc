// SPDX-License-Identifier: Apache-2.0

import APITypes
import Foundation
import HTTPTypes
import TestSupport
import Testing
import VaultCore
import VaultModel

/// Archives and forms: several files in one import.
struct BundleImportTests {
    private static let path = "/api/v1/secrets/import"

    /// An archive that an ordinary tool wrote: `defaults.env`, `api/.env.production`, `web/.env` and two other files.
    private func archive(_ suffix: String) throws -> [UInt8] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Vectors/archives/bundle.\(suffix)")
        return [UInt8](try Data(contentsOf: file))
    }

    private func form(_ parts: (header: String, text: String)..., end: String = "--X--\r\n") -> [UInt8] {
        Array(
            (parts.map { "--X\r\nContent-Disposition: form-data; \($0.header)\r\n\r\n\($0.text)\r\n" }.joined() + end)
                .utf8
        )
    }

    private let formType = "multipart/form-data; boundary=X"

    @Test(arguments: [
        ("tar", "application/x-tar"), ("tar.gz", "application/gzip"), ("tar.xz", "application/x-xz"),
        ("tar.zst", "application/zstd"), ("zip", "application/zip"), ("7z", "application/octet-stream"),
    ])
    func everyBundleOfAnArchiveIsAGroupOfItsOwn(suffix: String, type: String) async throws {
        let bytes = try archive(suffix)
        try await APISession.run { api async throws in
            let plan = try await api.send(.post, "\(Self.path)?dry_run=true", bytes: bytes, type: type)
                .body(ImportBody.self)
            #expect(plan.bundles.map(\.name) == ["api/.env.production", "defaults.env", "web/.env"])
            #expect(plan.bundles.map(\.entries) == [2, 3, 2])
            #expect(
                Set(plan.skipped.map { "\($0.path) \($0.reason)" }) == [".env.example template", "README.md other"]
            )
            #expect(
                plan.entries.map { "\($0.bundle ?? "-") \($0.name) \($0.action.rawValue)" } == [
                    "api/.env.production OPENAI_API_KEY create", "api/.env.production LOG_LEVEL conflict",
                    "defaults.env REGION create", "defaults.env LOG_LEVEL conflict", "defaults.env API_URL create",
                    "web/.env REGION overridden", "web/.env SESSION_SECRET create",
                ]
            )
            #expect(
                plan.conflicts == [ConflictBody(code: .duplicateName, name: "LOG_LEVEL", with: "api/.env.production")]
            )
        }
    }

    @Test func bundlesThatDifferAreRefusedUntilTheirOrderIsGiven() async throws {
        let bytes = try archive("zip")
        try await APISession.run { api async throws in
            let refused = try await api.send(.post, Self.path, bytes: bytes, type: "application/zip")
            #expect(refused.code == .importConflict)
            #expect(try refused.body(ErrorBody.self).hint?.contains("merge") == true)
            #expect(try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets.isEmpty)
            let uri = "\(Self.path)?merge=defaults.env&merge=api/.env.production&kind=variable"
            let merged = try await api.send(.post, uri, bytes: bytes, type: "application/zip")
            #expect(merged.status == 201)
            let values = try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets
            #expect(values.first { $0.name == "LOG_LEVEL" }?.value == "warning")
            #expect(values.count == 5)
        }
    }

    @Test func oneBundleCanBeImportedWithoutTheOthers() async throws {
        let bytes = try archive("tar")
        try await APISession.run { api async throws in
            let uri = "\(Self.path)?bundle=web/.env"
            let body = try await api.send(.post, uri, bytes: bytes, type: "application/x-tar").body(ImportBody.self)
            #expect(body.entries.map(\.name) == ["REGION", "SESSION_SECRET"])
        }
    }

    @Test(arguments: ["bundle=none.env", "merge=none.env", "merge=web/.env&merge=web/.env"])
    func aBundleThatIsNotThereIsRefused(query: String) async throws {
        let bytes = try archive("tar")
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, "\(Self.path)?\(query)", bytes: bytes, type: "application/x-tar")
            #expect(answer.code == .invalidField)
        }
    }

    @Test func aDamagedArchiveIsRefusedWithTheReason() async throws {
        let bytes = Array(try archive("tar.gz").dropLast(9))
        try await APISession.run { api async throws in
            let answer = try await api.send(.post, Self.path, bytes: bytes, type: "application/gzip")
            #expect(answer.code == .invalidFile)
            let findings = try answer.body(ErrorBody.self).findings
            #expect(findings?.map(\.code) == ["E_ARCHIVE_DAMAGED"])
            #expect(findings?.map(\.line) == [0])
        }
    }

    @Test func aFormTakesSeveralFilesEachUnderItsName() async throws {
        try await APISession.run { api async throws in
            let body = form(
                (#"name="file"; filename="a \"b\".env""#, "A=1\r\nB=\"x\r\n--Y\"\r\n"),
                (#"name="file"; filename="c.env""#, "C=3")
            )
            let answer = try await api.send(.post, "\(Self.path)?kind=variable", bytes: body, type: formType)
            #expect(answer.status == 201, "\(answer.text)")
            let plan = try answer.body(ImportBody.self)
            #expect(plan.bundles.map(\.name) == [#"a "b".env"#, "c.env"])
            let values = try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets
            #expect(values.map(\.value) == ["1", "x\n--Y", "3"])
        }
    }

    @Test func bundlesOfAnArchiveAmongSeveralFilesAreNamedAfterItToo() async throws {
        let zip = try archive("zip")
        try await APISession.run { api async throws in
            var body = form((#"name="file"; filename="own.env""#, "OWN=1"), end: "")
            body += Array("--X\r\nContent-Disposition: form-data; name=file; filename=all.zip\r\n\r\n".utf8) + zip
            body += Array("\r\n--X--".utf8)
            let plan = try await api.send(.post, "\(Self.path)?dry_run=true", bytes: body, type: formType)
                .body(ImportBody.self)
            #expect(
                plan.bundles.map(\.name) == [
                    "own.env", "all.zip/api/.env.production", "all.zip/defaults.env", "all.zip/web/.env",
                ]
            )
        }
    }

    @Test func whatIsWrongInSeveralFilesNamesEach() async throws {
        try await APISession.run { api async throws in
            let body = form(
                (#"name="file"; filename="a.env""#, "1A=x"),
                (#"name="file"; filename="b.env""#, "OK=1\nbad")
            )
            let error = try await api.send(.post, Self.path, bytes: body, type: formType).body(ErrorBody.self)
            #expect(
                error.findings?.map { "\($0.file ?? "-"):\($0.line) \($0.code)" } == [
                    "a.env:1 E_NAME", "b.env:2 E_NO_EQUALS",
                ]
            )
        }
    }

    @Test func choicesSkipRenameAndChangeKinds() async throws {
        try await APISession.run { api async throws in
            _ = try await api.test.create("KEPT", "old", kind: .variable)
            let choices = """
                {"choices":[{"name":"A","skip":true},{"name":"B","rename":"B2"},{"name":"C","kind":"variable"},
                {"name":"KEPT","onExisting":"update"}]}
                """
            let body = form(
                (#"name="choices""#, choices),
                (#"name="file"; filename=".env""#, "A=1\nB=2\nC=c3\nKEPT=new")
            )
            let answer = try await api.send(.post, Self.path, bytes: body, type: formType)
            #expect(answer.status == 201, "\(answer.text)")
            let plan = try answer.body(ImportBody.self)
            #expect(plan.entries.map(\.name) == ["A", "B2", "C", "KEPT"])
            #expect(plan.entries.map(\.originalName) == [nil, "B", nil, nil])
            #expect(plan.entries.map(\.action) == [.skip, .create, .create, .update])
            let values = try await api.send(.get, "/api/v1/secrets").body(SecretPage.self).secrets
            #expect(
                Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) }) == [
                    "KEPT": "new", "B2": "2", "C": "c3",
                ]
            )
        }
    }

    @Test(arguments: [
        #"{"choices":[{"name":"NONE","skip":true}]}"#,
        #"{"choices":[{"name":"A","skip":true},{"name":"A","kind":"secret"}]}"#,
        #"{"choices":[{"name":"A","bundle":"x","skip":true}]}"#, #"{"choices":[],"other":1}"#,
        #"{"choices":[{"name":"A","kind":"credential"}]}"#,
    ])
    func aChoiceThatFitsNothingIsRefused(choices: String) async throws {
        try await APISession.run { api async throws in
            let body = form((#"name="choices""#, choices), (#"name="file"; filename=".env""#, "A=1"))
            #expect(try await api.send(.post, Self.path, bytes: body, type: formType).code == .invalidField)
        }
    }

    @Test func aNewNameMustBeOne() async throws {
        try await APISession.run { api async throws in
            let body = form(
                (#"name="choices""#, #"{"choices":[{"name":"A","rename":"1A"}]}"#),
                (#"name="file""#, "A=1")
            )
            #expect(try await api.send(.post, Self.path, bytes: body, type: formType).code == .invalidName)
        }
    }

    @Test func aNameThatIsGivenTwiceByRenamingIsAConflict() async throws {
        try await APISession.run { api async throws in
            let body = form(
                (#"name="choices""#, #"{"choices":[{"name":"A","rename":"B"}]}"#),
                (#"name="file""#, "A=1\nB=2")
            )
            #expect(try await api.send(.post, Self.path, bytes: body, type: formType).code == .importConflict)
        }
    }

    @Test(arguments: [
        "", "--X", "--X--\r\n", "text\r\n--X--", "--X\r\n\r\nA=1\r\n--X--",
        "--X\r\nContent-Disposition: form-data\r\n\r\nA=1\r\n--X--",
        "--X\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nA=1\r\n--Y--",
        "--X\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nA=1\r\n--X--trailing",
        "--X\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\nA=1\r\n--X--",
        "--X\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\nA=1\r\n--X--",
        "--X\r\nContent-Disposition: form-data; name=\"file\"\r\nContent-Transfer-Encoding: base64\r\n\r\nQT0x\r\n--X--",
        "--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\u{1}\"\r\n\r\nA=1\r\n--X--",
        "--X\r\nno colon\r\n\r\nA=1\r\n--X--", "--Xnot the boundary\r\n\r\nA=1\r\n--X--",
    ])
    func aFormThatCannotBeReadIsRefused(text: String) async throws {
        try await APISession.run { api async throws in
            #expect(try await api.send(.post, Self.path, bytes: Array(text.utf8), type: formType).code == .invalidField)
        }
    }

    @Test func twoFilesOfOneNameAreRefused() async throws {
        try await APISession.run { api async throws in
            let body = form((#"name="file"; filename="a""#, "A=1"), (#"name="file"; filename="a""#, "B=1"))
            #expect(try await api.send(.post, Self.path, bytes: body, type: formType).code == .invalidField)
        }
    }

    @Test func aRepeatedFormGetsTheFirstAnswer() async throws {
        try await APISession.run { api async throws in
            let body = form((#"name="file"; filename="a""#, "A=1"))
            let key = ["Idempotency-Key": "k1"]
            let first = try await api.send(.post, Self.path, bytes: body, type: formType, headers: key)
            let second = try await api.send(.post, Self.path, bytes: body, type: formType, headers: key)
            #expect(first.status == 201)
            #expect(second.bytes == first.bytes)
            let other = form((#"name="file"; filename="a""#, "A=2"))
            #expect(
                try await api.send(.post, Self.path, bytes: other, type: formType, headers: key).code
                    == .idempotencyKeyReused
            )
        }
    }

    @Test func noFileIsReadForSomebodyWhoMayNotImport() async throws {
        try await APISession.run { api async throws in
            let key = try await api.test.vault.createAPIKey(
                CreateAPIKeyBody(name: "member", role: .member),
                by: api.test.localOperator
            )
            let token = Bearer.token(try #require(key.token))
            let answer = try await api.send(.post, Self.path, bytes: Array("1BAD".utf8), type: "text/plain", as: token)
            #expect(answer.code == .forbidden)
        }
    }
}
