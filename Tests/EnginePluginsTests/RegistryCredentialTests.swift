// SPDX-License-Identifier: Apache-2.0

import APITypes
import EnginePlugins
import Testing
import VaultModel

struct RegistryCredentialTests {
    @Test(arguments: [
        ("ghcr.io", "REGISTRY_ghcr_2Eio"), ("127.0.0.1:5999", "REGISTRY_127_2E0_2E0_2E1_3A5999"),
        ("https://index.docker.io/v1/", "REGISTRY_https_3A_2F_2Findex_2Edocker_2Eio_2Fv1_2F"),
        ("a_b", "REGISTRY_a_5Fb"),
        ("\u{E9}", "REGISTRY__C3_A9"),
    ])
    func aServersEntryHasANameOfItsOwn(serverURL: String, name: String) {
        #expect(RegistryCredential.entryName(of: serverURL) == name)
        #expect(RegistryCredential.serverURL(ofEntry: name) == serverURL)
    }

    @Test(arguments: [
        "REGISTRY_", "REGISTRY_a_2", "REGISTRY_a_zz", "REGISTRY_a_2eio", "REGISTRY__FF", "REGISTRY__61", "OTHER",
        "REGISTRY",
        "REGISTRY_a_+1", "REGISTRY_a_5F_",
    ])
    func anyOtherNameIsNoServers(name: String) {
        #expect(RegistryCredential.serverURL(ofEntry: name) == nil)
    }

    @Test func aServerWhoseNameWouldBeTooLongHasNone() {
        #expect(RegistryCredential.entryName(of: String(repeating: "a", count: 119)) != nil)
        #expect(RegistryCredential.entryName(of: String(repeating: "a", count: 120)) == nil)
        #expect(RegistryCredential.entryName(of: "") == nil)
    }

    @Test func whatIsStoredIsWhatIsGotAgain() throws {
        let json = #"{"ServerURL":"ghcr.io","Username":"bot","Secret":"p\"a/\u0007 \u00fc"}"#
        let read = json.utf8CString.withUnsafeBytes {
            RegistryCredential(json: UnsafeRawBufferPointer(rebasing: $0.dropLast()))
        }
        let credential = try #require(read)
        let value = try #require(credential.value)
        let again = value.secret.bytes.withBytes { RegistryCredential(entry: "REGISTRY_ghcr_2Eio", value: $0) }
        #expect(again?.serverURL == "ghcr.io")
        #expect(again?.username == "bot")
        #expect(again?.secret.secret.bytes.withBytes { String(decoding: $0, as: UTF8.self) } == "p\"a/\u{7} \u{FC}")
    }

    @Test(arguments: [
        "", "{}", #"{"ServerURL":"","Username":"a","Secret":"b"}"#, #"{"ServerURL":"a","Username":"","Secret":"b"}"#,
        #"{"ServerURL":"a","Username":"b"}"#, "[]",
    ])
    func anIncompleteOneIsNone(json: String) {
        let read = Array(json.utf8).withUnsafeBytes { RegistryCredential(json: $0) }
        #expect(read == nil)
    }
}
