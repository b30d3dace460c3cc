// SPDX-License-Identifier: Apache-2.0

import APITypes
import TestSupport
import Testing
import VaultCore
import VaultModel

/// Keys that the provider of their credential cannot have issued.
struct KeyFormatTests {
    private static let openAI = KeyMismatch(
        provider: "OpenAI",
        prefix: "sk-",
        keyPage: "https://platform.openai.com/api-keys",
        issuer: nil
    )

    @Test(arguments: [
        ("openai", "sk-proj-0123456789"), ("openai", "sk-0123456789"), ("dalle", "sk-0123456789"),
        ("anthropic", "sk-ant-api03-0123456789"), ("openrouter", "sk-or-v1-0123456789"), ("groq", "gsk_0123456789"),
        ("venice", "sk-ant-0123456789"), ("custom", "gsk_0123456789"), ("nobody", "gsk_0123456789"),
    ])
    func aKeyOfItsProvidersFormIsTaken(provider: String, key: String) async throws {
        let test = try await TestVault.make()
        #expect(try await test.add(key, for: provider, type: provider == "nobody" ? .apiKey : nil).version == 1)
    }

    @Test(arguments: [
        ("openai", "key-0123456789", nil), ("openai", "sk-ant-0123456789", "anthropic"),
        ("openai", "sk-or-v1-0123456789", "openrouter"), ("openai-tts", "sk-ant-0123456789", "anthropic"),
        ("anthropic", "sk-0123456789", "openai"), ("anthropic", "sk-or-v1-0123456789", "openrouter"),
        ("anthropic", "SK-ANT-0123456789", nil), ("anthropic", "sk-ant-", nil),
        ("openrouter", "sk-ant-0123456789", "anthropic"), ("openrouter", "0123456789", nil),
        ("groq", "sk-0123456789", "openai"), ("tavily", "pplx-0123456789", "perplexity"),
    ])
    func aKeyOfAnotherFormIsRefusedAndWhoseItLooksLikeIsSaid(
        provider: String,
        key: String,
        issuer: String?
    ) async throws {
        let test = try await TestVault.make()
        await #expect { _ = try await test.add(key, for: provider) } throws: { error in
            guard case VaultError.keyMismatch(let mismatch) = error else { return false }
            return mismatch.issuer?.id.text == issuer
        }
        #expect(try await test.vault.credentials(PageRequest(), by: test.localOperator).credentials.isEmpty)
    }

    @Test func aNewValueIsHeldToTheSameFormat() async throws {
        let test = try await TestVault.make()
        try await test.add("sk-0123456789", for: "openai")
        await #expect(throws: VaultError.keyMismatch(Self.openAI)) { try await test.change(.text("other-0123456789")) }
        await #expect(throws: VaultError.self) { try await test.change(.text("sk-or-v1-0123456789")) }
        #expect(try await test.change(.text("sk-another-0123456789\n")) == 2)
    }

    /// Behind rules of their own a gateway or a server of the same API gives out keys of its own.
    @Test(arguments: [
        (["llm.example.com"], true), (["http://127.0.0.1:4000", "llm.example.com/v1"], true),
        (["POST api.openai.com/v1/chat"], false), (["*.openai.com"], false),
        (["llm.example.com", "api.openai.com"], false),
    ])
    func whereItsOwnRulesLeadElsewhereAKeyHasAnyForm(hosts: [String], isTaken: Bool) async throws {
        let test = try await TestVault.make()
        if isTaken {
            #expect(try await test.add("key-0123456789", for: "openai", hosts: hosts).hosts == hosts)
            #expect(try await test.change(.text("sk-ant-0123456789")) == 2)
            await #expect(throws: VaultError.keyMismatch(Self.openAI)) {
                try await test.change(.text("key-0123456789"), hosts: [])
            }
        } else {
            await #expect(throws: VaultError.keyMismatch(Self.openAI)) {
                _ = try await test.add("key-0123456789", for: "openai", hosts: hosts)
            }
        }
    }

    @Test(arguments: [
        (CredentialScheme.basicAuth, "user:0123456789"), (.cookie, "session=0123456789"),
        (.customHeader, "X-Session: 0123456789"),
    ])
    func aSchemeWhoseValueIsNoKeyHasNoFormat(type: CredentialScheme, value: String) async throws {
        let test = try await TestVault.make()
        #expect(try await test.add(value, for: "openai", type: type).type == type)
    }

    @Test func anotherFieldForTheKeyChangesNothing() async throws {
        let test = try await TestVault.make()
        await #expect(throws: VaultError.keyMismatch(Self.openAI)) {
            _ = try await test.add("key-0123456789", for: "openai", type: .customHeader, header: "x-api-key")
        }
    }
}

extension TestVault {
    @discardableResult
    fileprivate func add(
        _ key: String,
        for provider: String,
        type: CredentialScheme? = nil,
        header: String? = nil,
        hosts: [String]? = nil
    ) async throws -> CredentialBody {
        try await vault.createCredential(
            CreateCredentialBody(
                name: "Key",
                type: type,
                value: .text(key),
                provider: provider,
                header: header,
                hosts: hosts
            ),
            by: localOperator
        )
    }

    @discardableResult
    fileprivate func change(_ key: SecretText, hosts: [String]? = nil) async throws -> Int64 {
        try await vault.updateCredential(
            "Key",
            UpdateCredentialBody(value: key, hosts: hosts),
            by: localOperator
        ).version
    }
}
