// SPDX-License-Identifier: Apache-2.0

import ProxyRules
import Testing
import VaultModel

struct CredentialValueTests {
    @Test(arguments: ["sk-canary\rX: y", "sk-canary\nX: y", "sk-canary\u{0}", "sk-\u{7}canary", " sk-canary"])
    func aControlCharacterIsRefused(value: String) throws {
        for presentation in try [Presentation(.apiKey), Presentation(.customHeader, header: "x-key")] {
            #expect(throws: PresentationError.controlCharacter) { try check(value, presentation) }
        }
    }

    @Test(arguments: [
        ("short", PresentationError.tooShort), ("ключ-ключ", .notASCII),
        (String(repeating: "x", count: 40_000), .tooLong),
    ])
    func aValueThatCannotBeInjectedOrScrubbedIsRefused(value: String, error: PresentationError) throws {
        #expect(throws: error) { try check(value, Presentation(.apiKey)) }
    }

    @Test func aLineFeedAtTheEndIsDropped() throws {
        #expect(try check("sk-canary\r\n", Presentation(.apiKey)) == "sk-canary")
    }

    @Test(arguments: [
        ("user:password", "authorization: Basic dXNlcjpwYXNzd29yZA==\r\n"),
        ("user:pass:word", "authorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n"),
        ("user:pässword", "authorization: Basic dXNlcjpww6Rzc3dvcmQ=\r\n"),
        ("sk_live_key:", "authorization: Basic c2tfbGl2ZV9rZXk6\r\n"),
    ])
    func basicAuthenticationEncodesUserAndPassword(value: String, line: String) throws {
        #expect(try render(value, Presentation(.basicAuth)).lines == line)
    }

    @Test(arguments: [("nocolon", PresentationError.noColon), ("user:abc", .tooShort), ("a:", .tooShort)])
    func basicAuthenticationTakesUserAndPassword(value: String, error: PresentationError) throws {
        #expect(throws: error) { try check(value, Presentation(.basicAuth)) }
    }

    @Test func aKeyIsABearerToken() throws {
        #expect(try render("sk-canary", Presentation(.apiKey)).lines == "authorization: Bearer sk-canary\r\n")
    }

    @Test func aCustomFieldHasItsIntroduction() throws {
        let presentation = try Presentation(.customHeader, header: "Authorization", prefix: "Key ")
        #expect(try render("id:secret", presentation).lines == "Authorization: Key id:secret\r\n")
    }

    @Test func severalFieldsAreLines() throws {
        let rendered = try render("CF-Access-Client-Id: abcdef\nCF-Secret:  s3cr3t \r\n", Presentation(.customHeader))
        #expect(rendered.lines == "CF-Access-Client-Id: abcdef\r\nCF-Secret: s3cr3t\r\n")
        #expect(rendered.names == ["CF-Access-Client-Id", "CF-Secret"])
    }

    @Test(arguments: [
        ("no colon here", PresentationError.invalidLines), ("Host: evil.test", .invalidHeader),
        ("Transfer-Encoding: chunked", .invalidHeader), ("X Y: secretly", .invalidLines), ("X: abc", .tooShort),
    ])
    func linesThatAreNoFieldsAreRefused(value: String, error: PresentationError) throws {
        #expect(throws: error) { try check(value, Presentation(.customHeader)) }
    }

    @Test(arguments: [
        ("sid=abcdef; t=1", "sid=abcdef; t=1"), ("Cookie: sid=abcdef;t=1 ;", "sid=abcdef; t=1"),
        ("cookie:sid=abcdef", "sid=abcdef"), ("sid\tabcdef\t.x.test\t/\t2026\nt\t1\t.x.test", "sid=abcdef; t=1"),
        ("# Netscape\n.x.test\tTRUE\t/\tTRUE\t0\tsid\tabcdef", "sid=abcdef"),
        ("#HttpOnly_.x.test\tTRUE\t/\tTRUE\t0\tsid\tabcdef\r\n", "sid=abcdef"),
    ])
    func cookiesArePastedAsBrowsersShowThem(pasted: String, cookie: String) throws {
        let text = pasted.hasPrefix("# Net") ? String(pasted.drop { $0 != "\n" }.dropFirst()) : pasted
        #expect(try check(text, Presentation(.cookie)) == cookie)
    }

    @Test(arguments: ["nonsense", "=x", "a b=c"])
    func whatIsNoCookieIsRefused(pasted: String) throws {
        #expect(throws: PresentationError.invalidCookie) { try check(pasted, Presentation(.cookie)) }
    }

    @Test func aParameterIsEscaped() throws {
        #expect(
            try render("a b&c=d/é".replacing("é", with: "x"), Presentation(.queryParameter, parameter: "key")).query
                == "key=a%20b%26c%3Dd%2Fx"
        )
    }

    @Test(arguments: [
        ("key=agent&x=1", "x=1"), ("x=1&k%65y=agent", "x=1"), ("KEY=agent&x=1", "x=1"), ("x=1&key&y=2", "x=1&y=2"),
        ("x=1;key=agent&y=2", "y=2"), ("key2=kept", "key2=kept"), ("mykey=kept", "mykey=kept"),
    ])
    func anAgentsOwnParameterOfThatNameIsDropped(query: String, left: String) {
        #expect(RenderedCredential.query(query, without: "key") == left)
    }

    @Test func aQueryOfNothingElseIsGone() {
        #expect(RenderedCredential.query("key=1&key=2", without: "key") == nil)
        #expect(RenderedCredential.query("a=1", without: nil) == "a=1")
    }

    @Test func partsThatASchemeDoesNotHaveAreRefused() throws {
        #expect(throws: PresentationError.unexpectedHeader) { try Presentation(.apiKey, header: "x") }
        #expect(throws: PresentationError.invalidHeader) { try Presentation(.customHeader, header: "a b") }
        #expect(throws: PresentationError.invalidHeader) { try Presentation(.customHeader, header: "Content_Length") }
        #expect(throws: PresentationError.invalidPrefix) {
            try Presentation(.customHeader, header: "x", prefix: "\r\n")
        }
        #expect(throws: PresentationError.missingParameter) { try Presentation(.queryParameter) }
        #expect(throws: PresentationError.invalidParameter) { try Presentation(.queryParameter, parameter: "a&b") }
        #expect(throws: PresentationError.unexpectedParameter) { try Presentation(.cookie, parameter: "a") }
    }

    private func check(_ value: String, _ presentation: Presentation) throws -> String {
        let checked = try CredentialValue.checked(SecretBytes(copying: value.utf8), for: presentation)
        return checked.withBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func render(_ value: String, _ presentation: Presentation) throws -> (
        lines: String, query: String, names: [String]
    ) {
        let checked = try CredentialValue.checked(SecretBytes(copying: value.utf8), for: presentation)
        let rendered = try RenderedCredential(checked, as: presentation)
        return (
            rendered.headerLines.withBytes { String(decoding: $0, as: UTF8.self) },
            rendered.queryPair.withBytes { String(decoding: $0, as: UTF8.self) }, rendered.fieldNames
        )
    }
}
